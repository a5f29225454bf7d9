. /etc/profile
set -eu
image=$(docker inspect -f '{{index .RepoDigests 0}}' "$REGISTRY/$NAMESPACE/orders:1.1")
echo "$image"
docker pull "$image"
docker rm -f orders-prod >/dev/null 2>&1 || true
docker run -d --name orders-prod -e SHOP_ENV=production -p 8082:8080 "$image"
for _ in $(seq 50); do ! curl -fs localhost:8082/about || exit 0; sleep 0.2; done
docker logs orders-prod >&2
exit 1
