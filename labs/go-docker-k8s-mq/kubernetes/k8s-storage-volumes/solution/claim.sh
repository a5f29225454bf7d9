. /etc/profile
set -eu
sed -i 's/storage: ""/storage: 100Mi/' claim.yaml
kubectl apply -f claim.yaml
sed -i 's/emptyDir: {}/persistentVolumeClaim: {claimName: notes}/' notes.yaml
kubectl apply -f notes.yaml
kubectl rollout status deployment notes --timeout=90s
kubectl get pvc,pv
