. /etc/profile
set -eu
kubectl create configmap notes-config --from-literal=welcome.txt='welcome to the tea shop' --dry-run=client -o yaml | kubectl apply -f -
sed -i 's/^\( *\)- {name: notes, mountPath: \/notes}$/&\n\1- {name: config, mountPath: \/notes\/config}/' notes.yaml
sed -i 's/^\( *\)- {name: notes, persistentVolumeClaim.*$/&\n\1- {name: config, configMap: {name: notes-config}}/' notes.yaml
kubectl apply -f notes.yaml
kubectl rollout status deployment notes --timeout=90s
for _ in $(seq 50); do curl -fsS -m 3 nodes:30080/config/welcome.txt && exit 0; sleep 0.2; done
exit 1
