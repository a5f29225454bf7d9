. /etc/profile
set -eu
sed -i 's/cpu: ""/cpu: 100m/' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=90s
for _ in $(seq 50); do curl -fsS nodes:30080 && exit 0; sleep 0.2; done
exit 1
