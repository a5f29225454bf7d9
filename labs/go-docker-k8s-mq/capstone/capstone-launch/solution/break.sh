. /etc/profile
set -eu
cd ~/shop
node off node2
kubectl wait --for=condition=Ready=Unknown node/node2 --timeout=60s
# On node1, and ready.
count() {
    kubectl get pods -l "app=$1" --field-selector spec.nodeName=node1 --no-headers | grep -c '1/1 *Running' || true
}
for _ in $(seq 120); do
    [ "$(count web)" -lt 2 ] || [ "$(count worker)" -lt 2 ] || break
    sleep 0.5
done
kubectl get pods -o wide
bash till.sh 10 http://nodes:30080
