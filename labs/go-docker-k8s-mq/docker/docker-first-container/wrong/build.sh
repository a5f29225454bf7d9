# CMD without brackets: a shell would have to start the program, and there is none.
. /etc/profile
set -eu
cd ~/greeter
CGO_ENABLED=0 go build -o greeter .
cat >Dockerfile <<'DOCKERFILE'
FROM scratch
COPY greeter /greeter
EXPOSE 9000
CMD /greeter
DOCKERFILE
docker build -t greeter:1.0 .
docker rm -f greeter >/dev/null 2>&1 || true
docker run -d --name greeter -p 9000:9000 greeter:1.0 || true
docker ps -a
