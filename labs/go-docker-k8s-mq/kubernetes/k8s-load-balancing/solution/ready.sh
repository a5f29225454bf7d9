. /etc/profile
set -eu
cd ~/shop
sed -i 's|^          # TODO step 2: readinessProbe$|          readinessProbe:\n            httpGet:\n              path: /ready\n              port: 8080\n            periodSeconds: 2\n            failureThreshold: 1|' web.yaml
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=60s
for _ in $(seq 100); do [ "$(kubectl get pods -l app=web --no-headers | wc -l)" = 3 ] && break; sleep 0.2; done
curl -fsS -m 5 -X POST http://nodes:30080/unready
for _ in $(seq 100); do kubectl get endpoints web -o jsonpath='{.subsets[*].notReadyAddresses[*].ip}' | grep -q . && break; sleep 0.2; done
sh shares 60
