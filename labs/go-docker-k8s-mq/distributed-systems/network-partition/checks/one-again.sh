# No link is cut any more; one leader, one term, the same data.
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
# Was a leader cut off, once?
leader_was_cut() { holds 'any(.[].events[]; .what == "cut" and .role == "leader")'; }

gather
leader_was_cut || fail 'message: never-cut'
holds 'whole | length == 3' || fail 'message: cut'
# A member that was cut off catches up within moments.
tries=0
while :; do
    agree=no
    if holds 'all(.[]; .status != null) and ([.[].status | [.leader, .raftTerm]] | unique | length == 1) and (.[0].status.leader // "0") != "0"'; then
        agree=yes
        revision=$(jq -r '[.[].status.header.revision | tonumber] | min' "$work/all.json")
        for name in etcd1 etcd2 etcd3; do
            ask -m 3 -f -X POST -d "{\"revision\":\"$revision\"}" "http://$name:2379/v3/maintenance/hashkv"
        done >"$work/hashes"
        jq -es 'length == 3 and (map([.hash, .header.revision]) | unique | length == 1)' "$work/hashes" >/dev/null && exit 0
    fi
    tries=$((tries + 1)); [ "$tries" -lt 6 ] || break
    sleep 1
    gather
done
[ "$agree" = yes ] || fail 'message: no-leader'
fail 'message: differ'
