# Only what the learner built still runs. That it runs is the evidence of the work before: an
# engine in which nothing was ever started must not pass.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
# api PATH OUTPUT: asks the nested engine; the status goes to standard output.
api() {
    HOME=$work curl -q -sS -m 10 --max-filesize 4194304 --noproxy '*' -o "$2" -w '%{http_code}' \
        --unix-socket /run/user/1000/docker.sock "http://engine$1"
}
[ "$(api /_ping "$work/ping")" = 200 ] || exit 3

[ "$(api /containers/json?all=1 "$work/all.json")" = 200 ] || exit 3
jq -r '.[] | [.Names[0], .Image, .State] | @tsv' "$work/all.json" | head -n 50
jq -e 'any(.[]; .Names == ["/greeter"] and .State == "running" and .Image == "greeter:1.0")' \
    "$work/all.json" >/dev/null || fail 'message: no-greeter'
jq -e 'any(.[]; .Names | index("/web"))' "$work/all.json" >/dev/null && fail 'message: web-left'
jq -e 'any(.[]; .State != "running")' "$work/all.json" >/dev/null && fail 'message: stopped-left'
exit 0
