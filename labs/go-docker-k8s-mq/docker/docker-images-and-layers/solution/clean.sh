. /etc/profile
set -eu
cd ~/shop
printf '%s\n' .env backup >.dockerignore
cat >Dockerfile <<'DOCKERFILE'
FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod ./
RUN go build net/http
COPY . .
RUN go build -o /orders .

FROM scratch
COPY --from=build /orders /orders
USER 65532
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:3 .
docker rm -f orders >/dev/null 2>&1 || true
docker run -d --name orders -p 8080:8080 orders:3
for _ in $(seq 50); do curl -fs localhost:8080/orders/oolong && exit 0; sleep 0.2; done
docker logs orders >&2
exit 1
