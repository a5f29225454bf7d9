# The order is there for a reader who wants the latest, and was written after the member went down.
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

gather
holds 'any(.[]; .state == "stopped")' || fail 'message: none-down'
alive=$(jq -r '[.[] | select(.state == "running") | .name] | first // empty' "$work/all.json")
[ -n "$alive" ] && range "$alive" order/1 false || fail 'message: no-majority'
written=$(jq -r '.kvs[0].mod_revision // 0' "$work/range.json")
killed=$(jq -r '[.[] | select(.state == "stopped") | [.events[] | select(.what == "kill" or .what == "stop")]
    | last | .revision // "0" | tonumber] | max' "$work/all.json")
echo "killed at revision $killed, written at $written"
[ "$written" -gt 0 ] || fail 'message: no-order'
[ "$written" -gt "$killed" ] || fail 'message: too-early'
