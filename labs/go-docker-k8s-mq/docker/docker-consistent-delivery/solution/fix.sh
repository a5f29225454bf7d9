. /etc/profile
set -eu
cd ~/orders
# The whole function free, written anew.
sed -i '/^func free/,/^}/c\func free(cups int) int {\n\treturn cups / 10\n}' main.go
CGO_ENABLED=0 go build -ldflags "-X main.version=1.1" -o orders .
docker build -t "$REGISTRY/$NAMESPACE/orders:1.1" .
docker push "$REGISTRY/$NAMESPACE/orders:1.1"
docker rm -f orders-test >/dev/null 2>&1 || true
docker run -d --name orders-test -e SHOP_ENV=test -p 8081:8080 "$REGISTRY/$NAMESPACE/orders:1.1"
for _ in $(seq 50); do ! curl -fs localhost:8081/about || break; sleep 0.2; done
bash accept.sh http://localhost:8081
