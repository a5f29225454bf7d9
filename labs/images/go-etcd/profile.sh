# The image's own ENV, for login shells that start from a clean environment. The z: it is read after
# slipway-go.sh, which knows nothing of -trimpath. Without tables for a debugger, linking takes half
# the time.
export GOFLAGS="-buildvcs=false -trimpath -ldflags=-w"
export ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS:-http://etcd1:2379,http://etcd2:2379,http://etcd3:2379}
