# USER in the stage that is left behind.
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
USER 65532

FROM scratch
COPY --from=build /orders /orders
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:3 .
docker rm -f orders >/dev/null 2>&1 || true
docker run -d --name orders -p 8080:8080 orders:3
