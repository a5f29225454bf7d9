. /etc/profile
set -eu
kubectl rollout undo deployment shop
kubectl rollout status deployment shop --timeout=90s
for _ in $(seq 100); do
    [ "$(kubectl get pods -l app=shop --no-headers | wc -l)" -gt 4 ] || break
    sleep 0.3
done
kubectl get pods
kubectl rollout history deployment shop
