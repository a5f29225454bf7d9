# The member that is cut off has refused a write.
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
# refused MEMBER METHOD: how many requests of this kind it has answered with an error. etcd counts them
# itself, from when it was started.
refused() {
    ask -m 4 -f -o "$work/metrics" "http://$1:2379/metrics" || return 1
    awk -v method="grpc_method=\"$2\"" '
        index($1, "grpc_server_handled_total{") == 1 && index($1, method) && !index($1, "grpc_code=\"OK\"") { n += $2 }
        END { print n + 0 }' "$work/metrics"
}

gather
lonely=$(jq -r "$links lonely" "$work/all.json")
[ -n "$lonely" ] || fail 'message: none-cut'
count=$(refused "$lonely" Put) || exit 1
echo "$lonely refused $count writes"
[ "$count" -gt 0 ]
