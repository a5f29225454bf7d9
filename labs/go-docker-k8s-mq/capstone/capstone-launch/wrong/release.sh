# Only who takes orders is new. Who packs them still drops what it does not know.
. /etc/profile
set -eu
cd ~/shop
node on node2
kubectl wait --for=condition=Ready node/node2 --timeout=60s
sed -i 's|^\tGrams int    `json:"grams"`|&\n\tGift  string `json:"gift,omitempty"`|' order.go
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=2" -o shop .
docker build -t "$REGISTRY/$NAMESPACE/shop:2" .
docker push "$REGISTRY/$NAMESPACE/shop:2"
kubectl scale deployment worker --replicas=4
kubectl set image deployment web "shop=$REGISTRY/$NAMESPACE/shop:2"
kubectl rollout status deployment web --timeout=90s
kubectl rollout status deployment worker --timeout=90s
