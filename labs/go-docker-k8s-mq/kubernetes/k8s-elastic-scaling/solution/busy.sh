. /etc/profile
set -eu
kubectl apply -f load.yaml
for _ in $(seq 240); do
    ready=$(kubectl get deployment web -o 'jsonpath={.status.readyReplicas}')
    [ "${ready:-0}" -lt 3 ] || break
    sleep 0.5
done
kubectl get hpa,pods
[ "${ready:-0}" -ge 3 ]
