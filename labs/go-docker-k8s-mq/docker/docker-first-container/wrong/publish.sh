# The machine's port on both sides of the colon: nginx does not listen there.
. /etc/profile
set -eu
docker rm -f web >/dev/null 2>&1 || true
docker run -d --name web -p 8080:8080 nginx
docker ps
