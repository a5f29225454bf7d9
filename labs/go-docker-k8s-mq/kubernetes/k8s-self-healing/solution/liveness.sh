. /etc/profile
set -eu
cd ~/shop
sed -i 's|^          # TODO step 3: livenessProbe$|          livenessProbe:\n            httpGet:\n              path: /healthz\n              port: 8080\n            periodSeconds: 2\n            failureThreshold: 2|' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=60s
for _ in $(seq 100); do [ "$(kubectl get pods -l app=web --no-headers | wc -l)" = 2 ] && break; sleep 0.2; done
curl -fsS -m 5 -X POST http://nodes:30080/break
for _ in $(seq 100); do
    kubectl get pods -l app=web -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}' | grep -q '[1-9]' && break
    sleep 0.3
done
kubectl wait --for=condition=Ready pod -l app=web --timeout=60s
