# The claim is there, but the Pod does not use it.
. /etc/profile
set -eu
sed -i 's/storage: ""/storage: 100Mi/' claim.yaml
kubectl apply -f claim.yaml
kubectl apply -f notes.yaml
for _ in $(seq 100); do
    [ "$(kubectl get pvc notes -o 'jsonpath={.status.phase}')" != Bound ] || break
    sleep 0.3
done
