# Start it again, as one does with a computer.
. /etc/profile
set -eu
cd ~/shop
kubectl apply -f labels.yaml
for _ in $(seq 200); do kubectl get events --field-selector reason=BackOff -o name | grep -q . && break; sleep 0.3; done
kubectl rollout restart deployment labels
