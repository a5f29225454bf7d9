. /etc/profile
set -eu
cd ~/orders
docker rm -f orders-test >/dev/null 2>&1 || true
docker run -d --name orders-test -e SHOP_ENV=test -p 8081:8080 "$REGISTRY/$NAMESPACE/orders:1.0"
for _ in $(seq 50); do ! curl -fs localhost:8081/about || break; sleep 0.2; done
bash accept.sh http://localhost:8081 || true
echo 10 > ~/bug.txt
