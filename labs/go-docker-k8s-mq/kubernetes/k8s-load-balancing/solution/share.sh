. /etc/profile
set -eu
cd ~/shop
sed -i 's/app: TODO/app: web/' service.yaml
kubectl apply -f web.yaml -f service.yaml
kubectl rollout status deployment web --timeout=60s
sh shares 60
