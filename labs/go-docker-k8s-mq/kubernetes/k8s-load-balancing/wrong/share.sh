# The name of the image in place of a label.
. /etc/profile
set -eu
cd ~/shop
sed -i 's/app: TODO/app: hello/' service.yaml
kubectl apply -f web.yaml -f service.yaml
kubectl rollout status deployment web --timeout=60s
