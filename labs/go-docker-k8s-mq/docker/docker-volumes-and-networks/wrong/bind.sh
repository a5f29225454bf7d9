# Mounted for writing.
. /etc/profile
set -eu
docker rm -f site >/dev/null 2>&1 || true
docker run -d --name site -p 8081:80 -v "$HOME/site:/usr/share/nginx/html" nginx
sed -i 's/Closed today/Open today/' ~/site/index.html
for _ in $(seq 50); do curl -fs localhost:8081/ && exit 0; sleep 0.2; done
exit 1
