. /etc/profile
set -eu
cd ~/shop
node on node2
kubectl wait --for=condition=Ready node/node2 --timeout=60s
sed -i 's|^\tGrams int    `json:"grams"`|&\n\tGift  string `json:"gift,omitempty"`|' order.go
sed -i -e 's|^\tBy    string `json:"by"`|&\n\tGift  string `json:"gift,omitempty"`|' \
    -e 's|By: me()}|By: me(), Gift: order.Gift}|' worker.go
gofmt -w order.go worker.go
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=2" -o shop .
docker build -t "$REGISTRY/$NAMESPACE/shop:2" .
docker push "$REGISTRY/$NAMESPACE/shop:2"
# Who reads first, who writes second.
sed -i "s|/shop:1|/shop:2|" k8s/shop.yaml
kubectl set image deployment worker "shop=$REGISTRY/$NAMESPACE/shop:2"
kubectl scale deployment worker --replicas=4
kubectl rollout status deployment worker --timeout=90s
kubectl set image deployment web "shop=$REGISTRY/$NAMESPACE/shop:2"
kubectl rollout status deployment web --timeout=90s
kubectl get pods -o wide
bash till.sh 10 http://nodes:30080
