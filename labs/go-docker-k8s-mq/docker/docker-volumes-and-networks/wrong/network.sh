# The front in the default network, where no name is known.
. /etc/profile
set -eu
docker rm -f store front >/dev/null 2>&1 || true
docker network create shop 2>/dev/null || true
docker run -d --name store --network shop -v orders:/data tea-shop:1
docker run -d --name front -p 8080:8080 -e STORE_URL=http://store:8080 tea-shop:1
