# Two were down; now all run and follow one leader in one term.
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
holds 'all(.[]; .state == "running")' || fail 'message: down'
holds 'all(.[]; .status != null) and ([.[].status | [.leader, .raftTerm]] | unique | length == 1) and (.[0].status.leader // "0") != "0"' ||
    fail 'message: no-leader'
