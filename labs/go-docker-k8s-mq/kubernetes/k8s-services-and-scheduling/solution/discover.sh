. /etc/profile
set -eu
kubectl apply -f ~/shop/orders.yaml
kubectl expose deployment orders --port=80 --target-port=8080
sed -i 's|value: TODO|value: orders.default|' ~/shop/counter.yaml
kubectl apply -f ~/shop/counter.yaml
kubectl rollout status deployment orders --timeout=60s
kubectl -n counter rollout status deployment counter --timeout=60s
for _ in $(seq 100); do curl -fs -m 2 -o /dev/null http://nodes:30081/ && exit 0; sleep 0.3; done
kubectl -n counter logs deployment/counter >&2
exit 1
