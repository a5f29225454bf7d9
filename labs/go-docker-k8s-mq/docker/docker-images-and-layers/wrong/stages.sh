# Deleting in a later layer what an earlier one brought in.
. /etc/profile
set -eu
cd ~/shop
cat >Dockerfile <<'DOCKERFILE'
FROM golang:1.24
WORKDIR /src
COPY go.mod ./
RUN go build net/http
COPY . .
RUN go build -o /orders .
RUN rm -rf /usr/local/go /var/cache/go-build /src
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:2 .
docker rm -f orders >/dev/null 2>&1 || true
docker run -d --name orders -p 8080:8080 orders:2
