. /etc/profile
set -eu
kubectl apply -f notes.yaml
kubectl rollout status deployment notes --timeout=90s
kubectl exec deploy/notes -- sh -c 'echo "do not forget the tea" > /notes/first.txt'
curl -fsS -m 3 nodes:30080/first.txt
old=$(kubectl get pods -l app=notes -o 'jsonpath={.items[0].metadata.name}')
kubectl delete pod "$old"
kubectl rollout status deployment notes --timeout=90s
kubectl exec deploy/notes -- cat /notes/first.txt 2>&1 | tee lost.txt || true
grep -q 'No such file' lost.txt
