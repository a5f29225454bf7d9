# The member that is left has refused a write.
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

# refused METHOD: how many requests of this kind the last member has answered with an error. etcd
# counts them itself, from when it was started.
refused() {
    ask -m 4 -f -o "$work/metrics" "http://$last:2379/metrics" || return 1
    awk -v method="grpc_method=\"$1\"" '
        index($1, "grpc_server_handled_total{") == 1 && index($1, method) && !index($1, "grpc_code=\"OK\"") { n += $2 }
        END { print n + 0 }' "$work/metrics"
}

gather
holds '[.[] | select(.state == "running")] | length == 1 and .[0].status != null and (.[0].status.leader // "0") == "0"' ||
    exit 1
last=$(jq -r '.[] | select(.state == "running") | .name' "$work/all.json")
count=$(refused Put) || exit 1
echo "$last refused $count writes"
[ "$count" -gt 0 ]
