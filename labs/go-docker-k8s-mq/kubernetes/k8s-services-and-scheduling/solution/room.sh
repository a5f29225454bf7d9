. /etc/profile
set -eu
kubectl apply -f ~/shop/report.yaml
for _ in $(seq 100); do kubectl get events --field-selector reason=FailedScheduling -o name | grep -q . && break; sleep 0.2; done
sed -i 's|cpu: "1000"|cpu: 100m|' ~/shop/report.yaml
kubectl apply -f ~/shop/report.yaml
kubectl rollout status deployment report --timeout=60s
