# The ReplicaSet of hello:3 exists, holds nothing now, and is older than the revision in use.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
sets=$(api '/apis/apps/v1/namespaces/default/replicasets?labelSelector=app%3Dshop') || exit 3
echo "$sets" | jq -e '
    def revision: .metadata.annotations["deployment.kubernetes.io/revision"] | tonumber;
    def of(image): [.items[] | select(.spec.template.spec.containers[0].image == image)] | max_by(revision);
    of("hello:2") as $good | of("hello:3") as $bad
    | $good != null and $bad != null
        and ($good | revision) > ($bad | revision)
        and $good.status.replicas > 0 and $bad.status.replicas == 0'
