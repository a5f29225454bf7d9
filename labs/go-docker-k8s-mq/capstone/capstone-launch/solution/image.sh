. /etc/profile
set -eu
pkill -x shop || true
cd ~/shop
cat >Dockerfile <<'DOCKERFILE'
FROM scratch
COPY shop /shop
USER 65532
ENTRYPOINT ["/shop"]
DOCKERFILE
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=1" -o shop .
docker build -t "$REGISTRY/$NAMESPACE/shop:1" .
docker push "$REGISTRY/$NAMESPACE/shop:1"
docker rm -f web >/dev/null 2>&1 || true
docker run -d --name web -p 8081:8080 -e AMQP_URL -e WAREHOUSE_URL "$REGISTRY/$NAMESPACE/shop:1" web
for _ in $(seq 50); do ! curl -fs localhost:8081/ready || exit 0; sleep 0.2; done
docker logs web >&2
exit 1
