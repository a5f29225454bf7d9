. /etc/profile
set -eu
sed -i 's/replicas: .*/replicas: 4/; s/value: .*/value: welcome/' ~/shop/web.yaml
kubectl apply -f ~/shop/web.yaml
kubectl rollout status deployment web --timeout=60s
# Until the last of the old ones is gone.
for _ in $(seq 300); do [ "$(kubectl get pods -l app=web --no-headers | wc -l)" = 4 ] && exit 0; sleep 0.2; done
exit 1
