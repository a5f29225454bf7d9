. /etc/profile
set -eu
kubectl taint node node1 only=tills:NoSchedule --overwrite
kubectl rollout restart deployment orders
kubectl rollout status deployment orders --timeout=60s
kubectl apply -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: tills}
spec:
  replicas: 2
  selector: {matchLabels: {app: tills}}
  template:
    metadata: {labels: {app: tills}}
    spec:
      nodeSelector: {kubernetes.io/hostname: node1}
      tolerations:
        - {key: only, value: tills, effect: NoSchedule}
      containers:
        - {name: tills, image: 'hello:1'}
YAML
kubectl rollout status deployment tills --timeout=60s
for _ in $(seq 100); do [ "$(kubectl get pods -l app=orders --no-headers | wc -l)" = 2 ] && exit 0; sleep 0.2; done
exit 1
