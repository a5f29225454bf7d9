. /etc/profile
set -eu
kubectl label node node2 disk=fast --overwrite
sed -i 's|^      # TODO step 2: nodeSelector$|      nodeSelector:\n        disk: fast|' ~/shop/archive.yaml
kubectl apply -f ~/shop/archive.yaml
kubectl rollout status deployment archive --timeout=60s
