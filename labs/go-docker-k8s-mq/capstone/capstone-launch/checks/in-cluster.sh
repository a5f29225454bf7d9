# Those who receive orders are the Pods of the cluster, and nobody else.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
nodes=$(getent ahostsv4 nodes | awk '{ print $1; exit }')
[ -n "$nodes" ] || exit 3
broker http://broker:15672/api/consumers/%2F >"$work/consumers" || exit 3
jq -r '.[] | select(.queue.name == "orders") | .channel_details.peer_host' "$work/consumers" | tee "$work/peers"
[ -s "$work/peers" ] || fail 'message: none'
! grep -qvxF "$nodes" "$work/peers" || fail 'message: on-desk'
[ "$(wc -l <"$work/peers")" -ge 2 ] || fail 'message: few'
