# The image's own ENV, for login shells that start from a clean environment.
export KUBE_EDITOR="${KUBE_EDITOR:-nano}"
export ETCDCTL_ENDPOINTS=https://control:2379 \
    ETCDCTL_CACERT=/run/slipway-kubernetes/keys/ca.crt \
    ETCDCTL_CERT=/run/slipway-kubernetes/keys/etcd-client.crt \
    ETCDCTL_KEY=/run/slipway-kubernetes/keys/etcd-client.key
alias k=kubectl
