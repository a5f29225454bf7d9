. /etc/profile
set -eu
docker rm -f web >/dev/null 2>&1 || true
docker container prune -f
docker rmi nginx:latest nginx:1.26 || true
docker ps -a
docker images
