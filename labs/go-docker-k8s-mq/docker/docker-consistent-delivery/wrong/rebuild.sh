# Builds once more "for production" and runs that by its tag.
. /etc/profile
set -eu
cd ~/orders
CGO_ENABLED=0 go build -ldflags "-X main.version=1.1" -o orders .
docker build -t "$REGISTRY/$NAMESPACE/orders:prod" .
docker push "$REGISTRY/$NAMESPACE/orders:prod"
docker rm -f orders-prod >/dev/null 2>&1 || true
docker run -d --name orders-prod -e SHOP_ENV=production -p 8082:8080 "$REGISTRY/$NAMESPACE/orders:prod"
for _ in $(seq 50); do ! curl -fs localhost:8082/about || exit 0; sleep 0.2; done
exit 1
