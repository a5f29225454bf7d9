. /etc/profile
set -eu
docker network create --internal back 2>/dev/null || true
docker network connect back store 2>/dev/null || true
docker network connect back front 2>/dev/null || true
docker network disconnect shop store 2>/dev/null || true
docker rm -f guest >/dev/null 2>&1 || true
docker run -d --name guest --network shop busybox sleep 1d
for _ in $(seq 50); do curl -fs localhost:8080/orders && break; sleep 0.2; done
cat >~/reach.txt <<'TABLE'
guest front yes
guest store no
front store yes
store front yes
TABLE
