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
EXPOSE 8080
CMD ["/orders"]
DOCKERFILE
docker build -t orders:1 .
