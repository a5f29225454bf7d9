. /etc/profile
set -eu
sed -i 's/cpu: ""/cpu: 100m/' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=90s
for _ in $(seq 50); do curl -fsS -m 3 nodes:30080 && exit 0; sleep 0.2; done
exit 1
