# A second Deployment beside the first: visitors meet both versions.
. /etc/profile
set -eu
sed -e 's/name: shop$/name: shop-v2/' -e 's/hello:1/hello:2/' -e 's/replicas: 2/replicas: 4/' -e '/^---/,$d' shop.yaml >v2.yaml
sed -i 's/labels: {app: shop}/labels: {app: shop, track: new}/; s/matchLabels: {app: shop}/matchLabels: {app: shop, track: new}/' v2.yaml
kubectl apply -f v2.yaml
kubectl rollout status deployment shop-v2 --timeout=120s
