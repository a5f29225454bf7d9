# Each member by itself holds what a majority had written, and all of them the same.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
ask() { curl -q -sS --noproxy '*' --max-filesize 4194304 "$@"; }
# gather: all.json, what each member's keeper and each etcd says of itself (null if nothing).
gather() {
    for name in etcd1 etcd2 etcd3; do
        ask -m 3 -o "$work/keeper" "http://$name:2390/" || exit 3
        ask -m 2 -f -X POST -d '{}' -o "$work/status" "http://$name:2379/v3/maintenance/status" 2>/dev/null ||
            echo null >"$work/status"
        jq -n --slurpfile k "$work/keeper" --slurpfile s "$work/status" '$k[0] + {status: $s[0]}' || exit 3
    done >"$work/lines" && jq -s '.' "$work/lines" >"$work/all.json" || exit 3
    jq -c '.[] | [.name, .state, .cut, .status.leader, .status.raftTerm, .status.header.revision]' "$work/all.json"
}
holds() { jq -e "$1" "$work/all.json" >/dev/null; }
b64() { printf "%s" "$1" | base64 -w0; }
# range MEMBER KEY SERIALIZABLE: into range.json. Serializable: what this member has stored itself.
range() {
    ask -m 4 -f -X POST -d "{\"key\":\"$(b64 "$2")\",\"serializable\":$3}" -o "$work/range.json" "http://$1:2379/v3/kv/range"
}

# Were two members down at the same time, once?
two_were_down() {
    holds "[.[] | .name as \$name | .events[] | {at, what, name: \$name}] | sort_by(.at)
        | reduce .[] as \$e ({down: [], most: 0};
            (if \$e.what == \"kill\" or \$e.what == \"stop\" then .down = (.down + [\$e.name] | unique)
             elif \$e.what == \"start\" then .down -= [\$e.name] else . end)
            | .most = ([.most, (.down | length)] | max))
        | .most >= 2"
}

gather
two_were_down || fail 'message: never-down'
holds 'all(.[]; .status != null)' || fail 'message: down'
for name in etcd1 etcd2 etcd3; do
    for key in price/longjing order/1; do
        range "$name" "$key" true || fail 'message: down'
        jq -e '(.kvs | length) == 1' "$work/range.json" >/dev/null || fail 'message: missing'
    done
done
# One that has just come back catches up within moments.
tries=0
while :; do
    revision=$(jq -r '[.[].status.header.revision | tonumber] | min' "$work/all.json")
    for name in etcd1 etcd2 etcd3; do
        ask -m 3 -f -X POST -d "{\"revision\":\"$revision\"}" "http://$name:2379/v3/maintenance/hashkv" ||
            fail 'message: down'
    done >"$work/hashes"
    jq -es 'length == 3 and (map([.hash, .header.revision]) | unique | length == 1)' "$work/hashes" >/dev/null && exit 0
    tries=$((tries + 1)); [ "$tries" -lt 6 ] || fail 'message: differ'
    sleep 1
    gather
done
