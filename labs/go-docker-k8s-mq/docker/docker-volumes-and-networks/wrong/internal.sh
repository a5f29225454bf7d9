# The store joins the internal network and stays in the other.
. /etc/profile
set -eu
docker network create --internal back
docker network connect back store
docker network connect back front
docker rm -f guest >/dev/null 2>&1 || true
docker run -d --name guest --network shop busybox sleep 1d
cat >~/reach.txt <<'TABLE'
guest front yes
guest store yes
front store yes
store front yes
TABLE
