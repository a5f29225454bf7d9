# The image tea:1, compiled and built as the learner: nothing can be pulled here.
set -eu
work=$(mktemp -d /var/tmp/setup.XXXXXX)
trap 'rm -rf "$work"' EXIT
chown 1000:1000 "$work"
setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$work" LANG=C.UTF-8 sh -eu <<'LEARNER'
. /etc/profile.d/slipway-docker.sh
. /etc/profile.d/slipway-go.sh
cd /home/learner/tea
go build -o "$HOME/tea" .
cat >"$HOME/Dockerfile" <<'DOCKERFILE'
FROM busybox:1.37
COPY tea /bin/tea
EXPOSE 8080
CMD ["tea"]
DOCKERFILE
docker build --quiet --tag tea:1 "$HOME"
docker builder prune --all --force
LEARNER
