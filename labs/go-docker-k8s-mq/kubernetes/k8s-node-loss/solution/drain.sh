. /etc/profile
set -eu
kubectl drain node1 --ignore-daemonsets --timeout=90s
kubectl rollout status deployment web --timeout=90s
kubectl get pods -o wide
