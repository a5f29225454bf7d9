# The short name, which holds only within one namespace.
. /etc/profile
set -eu
kubectl apply -f ~/shop/orders.yaml
kubectl expose deployment orders --port=80 --target-port=8080
sed -i 's|value: TODO|value: orders|' ~/shop/counter.yaml
kubectl apply -f ~/shop/counter.yaml
kubectl rollout status deployment orders --timeout=60s
