# "Simplified": the broker need not wait for acknowledgements.
. /etc/profile
set -eu
cd ~/shop
sed -i -e 's/Consume(queue, "", false,/Consume(queue, "", true,/' \
    -e '/channel.Qos(1/,/^\t}/d' -e '/delivery\.\(Ack\|Nack\|Reject\)(/d' worker.go
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=1.1" -o shop .
docker build -t "$REGISTRY/$NAMESPACE/shop:1.1" .
docker push "$REGISTRY/$NAMESPACE/shop:1.1"
kubectl set image deployment worker "shop=$REGISTRY/$NAMESPACE/shop:1.1"
kubectl rollout status deployment worker --timeout=90s
node off node2
kubectl wait --for=condition=Ready=Unknown node/node2 --timeout=60s
for _ in $(seq 120); do
    workers=$(kubectl get pods -l app=worker --field-selector spec.nodeName=node1 --no-headers | grep -c '1/1 *Running' || true)
    webs=$(kubectl get pods -l app=web --field-selector spec.nodeName=node1 --no-headers | grep -c '1/1 *Running' || true)
    [ "$workers" -lt 2 ] || [ "$webs" -lt 2 ] || exit 0
    sleep 0.5
done
exit 1
