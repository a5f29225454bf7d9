. /etc/profile
set -eu
kubectl set image deployment shop shop=hello:2
kubectl rollout status deployment shop --timeout=120s
# The last old Pod is gone too.
for _ in $(seq 100); do
    [ "$(kubectl get pods -l app=shop --no-headers | wc -l)" -gt 4 ] || break
    sleep 0.3
done
kubectl get pods
