. /etc/profile
set -eu
kubectl get pod tea >/dev/null 2>&1 || kubectl run tea --image=hello:1
kubectl wait --for=condition=Ready pod/tea --timeout=60s
kubectl label pod tea tier=counter --overwrite
kubectl get pod tea -o jsonpath='{.spec.nodeName}' >~/where.txt
