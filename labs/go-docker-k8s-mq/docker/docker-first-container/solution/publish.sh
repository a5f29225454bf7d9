. /etc/profile
set -eu
docker rm -f web >/dev/null 2>&1 || true
docker run -d --name web -p 8080:80 nginx
for _ in $(seq 50); do curl -fs -o /dev/null localhost:8080/ && exit 0; sleep 0.2; done
docker logs web >&2
exit 1
