set -e
# Where etcd is, as login shells know it.
. /etc/profile.d/slipway-kubernetes.sh
version=$(kubectl get --raw /version | jq -r .gitVersion)
kubectl create configmap notebook --from-literal=api="$version"
key=$(etcdctl get /registry/configmaps/default/notebook --keys-only | head -n 1)
kubectl patch configmap notebook -p "{\"data\":{\"etcd\":\"$key\"}}"
