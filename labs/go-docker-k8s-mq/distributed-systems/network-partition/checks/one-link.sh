# There was a moment without any link; now two members are joined and have a leader.
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

gather
holds 'all(.[]; .state == "running")' || fail 'message: dead'
holds '[.[] | .name as $name | .events[] | {at, what, peer, name: $name}] | sort_by(.at)
    | reduce .[] as $e ({cut: [], most: 0};
        (if $e.what == "cut" then .cut += [[$e.name, $e.peer]]
         elif $e.what == "heal" then .cut |= map(select(.[0] != $e.name or ($e.peer != null and .[1] != $e.peer)))
         else . end)
        | .most = ([.most, (.cut | map(sort) | unique | length)] | max))
    | .most == 3' || fail 'message: never-alone'
holds 'whole | length == 1' || fail 'message: links'
holds 'whole[0] as $pair | follows($pair) | .[0] == .[1] and .[0] != "0"' || fail 'message: no-leader'
