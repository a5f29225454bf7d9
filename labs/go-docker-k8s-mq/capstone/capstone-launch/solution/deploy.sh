. /etc/profile
set -eu
pkill -x shop || true
docker rm -f web >/dev/null 2>&1 || true
cd ~/shop
kubectl create secret generic shop --from-literal=AMQP_URL="$AMQP_URL" \
    --from-literal=WAREHOUSE_URL="$WAREHOUSE_URL" --dry-run=client -o yaml | kubectl apply -f -
sed -i -e "s|image: TODO|image: $REGISTRY/$NAMESPACE/shop:1|" \
    -e 's|# TODO: readinessProbe|readinessProbe:\n            httpGet: {path: /ready, port: 8080}\n            periodSeconds: 1|' \
    -e '/^# TODO/d' k8s/shop.yaml
cat >>k8s/shop.yaml <<'YAML'
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
YAML
kubectl apply -f k8s/shop.yaml
kubectl rollout status deployment web --timeout=90s
kubectl rollout status deployment worker --timeout=90s
kubectl get pods -o wide
bash till.sh 10 http://nodes:30080
