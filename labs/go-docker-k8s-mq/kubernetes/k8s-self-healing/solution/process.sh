. /etc/profile
set -eu
kubectl apply -f ~/shop/web.yaml
kubectl rollout status deployment web --timeout=60s
for _ in $(seq 50); do curl -fs -m 2 -o /dev/null http://nodes:30080/ && break; sleep 0.2; done
curl -sS -m 5 -X POST http://nodes:30080/exit || true
for _ in $(seq 100); do
    kubectl get pods -l app=web -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}' | grep -q '[1-9]' && break
    sleep 0.2
done
kubectl wait --for=condition=Ready pod -l app=web --timeout=60s
