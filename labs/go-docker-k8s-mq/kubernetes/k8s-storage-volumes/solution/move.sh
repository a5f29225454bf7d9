. /etc/profile
set -eu
here=$(kubectl get pods -l app=notes -o 'jsonpath={.items[0].spec.nodeName}')
kubectl exec deploy/notes -- sh -c "echo $here >> /notes/moved.txt"
kubectl cordon "$here"
kubectl delete pod -l app=notes
kubectl rollout status deployment notes --timeout=90s
there=$(kubectl get pods -l app=notes -o 'jsonpath={.items[0].spec.nodeName}')
kubectl exec deploy/notes -- sh -c "echo $there >> /notes/moved.txt; cat /notes/moved.txt"
kubectl uncordon "$here"
for _ in $(seq 50); do curl -fsS -m 3 nodes:30080/moved.txt && exit 0; sleep 0.2; done
exit 1
