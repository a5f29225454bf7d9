. /etc/profile
set -eu
kubectl set image deployment shop shop=hello:3
for _ in $(seq 200); do
    restarts=$(kubectl get pods -l app=shop -o 'jsonpath={range .items[*]}{.spec.containers[0].image} {.status.containerStatuses[0].restartCount}{"\n"}{end}' | awk '$1 == "hello:3" { print $2 + 0 }')
    [ "${restarts:-0}" -lt 1 ] || break
    sleep 0.3
done
kubectl get pods
