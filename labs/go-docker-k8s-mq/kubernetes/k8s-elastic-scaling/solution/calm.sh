. /etc/profile
set -eu
kubectl delete pod load
for _ in $(seq 300); do
    copies=$(kubectl get deployment web -o 'jsonpath={.status.replicas}')
    [ "$copies" != 1 ] || break
    sleep 0.5
done
kubectl get hpa,pods
[ "$copies" = 1 ]
