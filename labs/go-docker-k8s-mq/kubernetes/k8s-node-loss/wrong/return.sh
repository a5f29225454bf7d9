# Six copies first, then the node: by then every copy has a place on node1.
. /etc/profile
set -eu
kubectl scale deployment web --replicas=6
kubectl rollout status deployment web --timeout=90s
node on node2
kubectl wait --for=condition=Ready node/node2 --timeout=60s
