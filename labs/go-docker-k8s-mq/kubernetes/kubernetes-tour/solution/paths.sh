set -e
kubectl apply -f - <<'SERVICE'
apiVersion: v1
kind: Service
metadata: {name: tea}
spec:
  type: NodePort
  selector: {app: tea}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
SERVICE
until chain=$(node show node1 rules | grep default/tea | grep -o 'KUBE-SVC-[A-Z0-9]*' | head -n 1) && [ -n "$chain" ]; do
    sleep 0.5
done
kubectl patch configmap notebook -p "{\"data\":{\"chain\":\"$chain\"}}"
until curl -fsS -m 2 http://nodes:30080/; do sleep 0.5; done
