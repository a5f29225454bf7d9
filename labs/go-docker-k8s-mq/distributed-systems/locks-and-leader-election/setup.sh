# The module of the learner's programs: versions and sources are the image's.
set -eu
cd /home/learner/shop
cp /usr/lib/slipway/etcd/go.mod go.mod
ln -sfn /usr/lib/slipway/etcd/vendor vendor
chown -h 1000:1000 go.mod vendor
