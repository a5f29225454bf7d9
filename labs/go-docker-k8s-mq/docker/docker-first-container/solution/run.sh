. /etc/profile
set -eu
docker rm -f first oops >/dev/null 2>&1 || true
docker run --name first hello
docker run --name oops busybox sh -c 'exit 7' || true
docker ps -a
