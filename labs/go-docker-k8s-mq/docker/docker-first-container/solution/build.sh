. /etc/profile
set -eu
cd ~/greeter
CGO_ENABLED=0 go build -o greeter .
cat >Dockerfile <<'DOCKERFILE'
FROM scratch
COPY greeter /greeter
EXPOSE 9000
CMD ["/greeter"]
DOCKERFILE
docker build -t greeter:1.0 .
docker rm -f greeter >/dev/null 2>&1 || true
docker run -d --name greeter -p 9000:9000 greeter:1.0
for _ in $(seq 50); do curl -fs 'localhost:9000/?name=Ada' && exit 0; sleep 0.2; done
docker logs greeter >&2
exit 1
