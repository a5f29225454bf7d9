. /etc/profile
set -eu
cd ~/orders
CGO_ENABLED=0 go build -ldflags "-X main.version=1.0" -o orders .
docker build -t "$REGISTRY/$NAMESPACE/orders:1.0" .
docker push "$REGISTRY/$NAMESPACE/orders:1.0"
curl -fsS "http://$REGISTRY/v2/$NAMESPACE/orders/tags/list"
