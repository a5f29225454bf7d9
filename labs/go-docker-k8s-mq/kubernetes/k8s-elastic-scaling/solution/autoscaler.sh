. /etc/profile
set -eu
kubectl autoscale deployment web --min=1 --max=4 --cpu-percent=50
for _ in $(seq 200); do
    [ -z "$(kubectl get hpa web -o 'jsonpath={.status.currentCPUUtilizationPercentage}')" ] || break
    sleep 0.5
done
kubectl get hpa
