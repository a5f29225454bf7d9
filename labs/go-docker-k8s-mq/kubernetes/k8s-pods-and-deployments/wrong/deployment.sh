# Three pods by hand: nobody looks after them.
. /etc/profile
set -eu
for i in 1 2 3; do kubectl run "web-$i" --image=hello:1 --labels=app=web; done
kubectl create service nodeport web --tcp=80:8080 --node-port=30080
kubectl wait --for=condition=Ready pod -l app=web --timeout=60s
