# The order that most people write first.
. /etc/profile
set -eu
cd ~/shop
cat >Dockerfile <<'DOCKERFILE'
FROM golang:1.24
WORKDIR /src
COPY . .
RUN go build net/http
RUN go build -o /orders .
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:1 .
