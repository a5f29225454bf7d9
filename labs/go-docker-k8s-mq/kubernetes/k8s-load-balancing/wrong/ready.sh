# A liveness probe: the pod is not taken out, its container is restarted.
. /etc/profile
set -eu
cd ~/shop
sed -i 's|^          # TODO step 2: readinessProbe$|          livenessProbe:\n            httpGet:\n              path: /ready\n              port: 8080\n            periodSeconds: 2\n            failureThreshold: 1|' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=60s
for _ in $(seq 100); do [ "$(kubectl get pods -l app=web --no-headers | wc -l)" = 3 ] && break; sleep 0.2; done
curl -fsS -m 5 -X POST http://nodes:30080/unready
