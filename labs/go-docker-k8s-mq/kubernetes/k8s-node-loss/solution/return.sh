. /etc/profile
set -eu
node on node2
kubectl wait --for=condition=Ready node/node2 --timeout=60s
kubectl scale deployment web --replicas=6
kubectl rollout status deployment web --timeout=90s
kubectl get pods -o wide
