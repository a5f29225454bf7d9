# The wrong one of the two probes: it takes the pod out of service, and nobody restarts it.
. /etc/profile
set -eu
cd ~/shop
sed -i 's|^          # TODO step 3: livenessProbe$|          readinessProbe:\n            httpGet:\n              path: /healthz\n              port: 8080\n            periodSeconds: 2\n            failureThreshold: 2|' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=60s
for _ in $(seq 100); do [ "$(kubectl get pods -l app=web --no-headers | wc -l)" = 2 ] && break; sleep 0.2; done
curl -fsS -m 5 -X POST http://nodes:30080/break
