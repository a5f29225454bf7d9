. /etc/profile
set -eu
cd ~/shop
cat >Dockerfile <<'DOCKERFILE'
FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod ./
RUN go build net/http
COPY . .
RUN go build -o /orders .

FROM scratch
COPY --from=build /orders /orders
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:2 .
docker rm -f orders >/dev/null 2>&1 || true
docker run -d --name orders -p 8080:8080 orders:2
for _ in $(seq 50); do curl -fs localhost:8080/orders/oolong && exit 0; sleep 0.2; done
docker logs orders >&2
exit 1
