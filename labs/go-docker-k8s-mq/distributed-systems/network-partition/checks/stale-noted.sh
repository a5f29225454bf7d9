# The majority's note says what the cut-off member still believes.
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
links='
    def cut($a; $b): any(.[]; (.name == $a and (.cut | index($b))) or (.name == $b and (.cut | index($a))));
    def pairs: [["etcd1", "etcd2"], ["etcd1", "etcd3"], ["etcd2", "etcd3"]];
    def whole: . as $all | pairs | map(select(. as [$a, $b] | $all | cut($a; $b) | not));
    def lonely: whole | if length == 1 then (["etcd1", "etcd2", "etcd3"] - .[0])[0] else empty end;
    def follows($pair): [.[] | select(.name | IN($pair[])) | .status.leader // "0"];'
holds() { jq -e "$links $1" "$work/all.json" >/dev/null; }
b64() { printf '%s' "$1" | base64 -w0; }
# range MEMBER KEY SERIALIZABLE: into range.json. Serializable: what this member has stored itself.
range() {
    ask -m 4 -f -X POST -d "{\"key\":\"$(b64 "$2")\",\"serializable\":$3}" -o "$work/range.json" "http://$1:2379/v3/kv/range"
}
value() { jq -r '.kvs[0].value // empty' "$work/range.json" | base64 -d | head -c 200; }

gather
lonely=$(jq -r "$links lonely" "$work/all.json")
[ -n "$lonely" ] || fail 'message: none-cut'
member=$(jq -r "$links whole[0][0]" "$work/all.json")
range "$lonely" price/longjing true || exit 1
old=$(value)
range "$member" price/longjing false || exit 1
new=$(value)
range "$member" note/stale false || exit 1
noted=$(value | tr -d ' \n')
echo "$lonely says $old, $member says $new, noted $noted"
[ -n "$noted" ] || fail 'message: no-note'
[ "$noted" != "$new" ] || fail 'message: current'
[ "$noted" = "$old" ] || fail 'message: other'
