. /etc/profile
set -eu
cd ~/shop
kubectl apply -f labels.yaml
for _ in $(seq 200); do kubectl get events --field-selector reason=BackOff -o name | grep -q . && break; sleep 0.3; done
kubectl logs deployment/labels --previous || true
sed -i 's/hello:3/hello:2/' labels.yaml
kubectl apply -f labels.yaml
kubectl rollout status deployment labels --timeout=60s
