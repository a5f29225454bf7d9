# What the lab needs beyond its files: a toolchain image, an image with a forgotten secret, and
# things in the project that belong into no image.
set -eu
work=$(mktemp -d /var/tmp/setup.XXXXXX)
trap 'rm -rf "$work"' EXIT
chown 1000:1000 "$work"
setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$work" LANG=C.UTF-8 \
    DOCKER_HOST=unix:///run/user/1000/docker.sock sh -eu <<'LEARNER'
/usr/lib/slipway/golang-image

mkdir "$HOME/leaky"
cd "$HOME/leaky"
echo "tea-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" >api-key.txt
cat >Dockerfile <<'DOCKERFILE'
FROM busybox:1.37
COPY api-key.txt /etc/api-key.txt
RUN echo 'prices fetched' >/etc/prices.txt
RUN rm /etc/api-key.txt
CMD ["cat", "/etc/prices.txt"]
DOCKERFILE
docker build --quiet --tag leaky:1 .
docker builder prune --all --force

cd /home/learner/shop
echo 'DB_PASSWORD=oolong-1987' >.env
mkdir -p backup
head -c 20971520 /dev/zero >backup/orders.db
LEARNER
