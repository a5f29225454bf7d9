# Only the limit that not every engine can enforce.
. /etc/profile
set -eu
docker rm -f hungry >/dev/null 2>&1 || true
docker run -d --name hungry -p 8080:8080 --memory 128m --restart always tea:1
for _ in $(seq 50); do curl -fs 'localhost:8080/eat?mib=40' && exit 0; sleep 0.2; done
exit 1
