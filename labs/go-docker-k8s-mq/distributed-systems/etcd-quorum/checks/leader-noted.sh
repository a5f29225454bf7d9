# What note/leader says, against who leads now.
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
leader=$(jq -r '[.[] | select(.status != null and .status.leader == .status.header.member_id)]
    | max_by(.status.raftTerm | tonumber) | .name // empty' "$work/all.json")
range etcd1 note/leader false || exit 1
noted=$(jq -r '.kvs[0].value // empty' "$work/range.json" | base64 -d | tr -d ' \n' | head -c 100)
echo "leader $leader, noted $noted"
[ -n "$noted" ] || fail 'message: no-note'
[ "$noted" = "$leader" ] || fail 'message: other'
