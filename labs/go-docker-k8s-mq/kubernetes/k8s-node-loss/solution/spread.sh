. /etc/profile
set -eu
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=90s
kubectl get pods -o wide
