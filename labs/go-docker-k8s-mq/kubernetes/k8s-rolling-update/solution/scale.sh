. /etc/profile
set -eu
kubectl apply -f shop.yaml
kubectl scale deployment shop --replicas=4
kubectl rollout status deployment shop --timeout=90s
