# The page lies in the container `web` itself: read out of it through the engine.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# On a line of its own, even if what was printed before it ended in the middle of one.
fail() { printf "\n%s\n" "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
# api PATH OUTPUT: asks the nested engine; the status goes to standard output.
api() {
    HOME=$work curl -q -sS -m 10 --max-filesize 4194304 --noproxy '*' -o "$2" -w '%{http_code}' \
        --unix-socket /run/user/1000/docker.sock "http://engine$1"
}
[ "$(api /_ping "$work/ping")" = 200 ] || exit 3

status=$(api '/containers/web/archive?path=/usr/share/nginx/html/index.html' "$work/page.tar")
echo "archive: $status"
[ "$(api /containers/web/json "$work/web.json")" = 200 ] || fail 'message: no-web'
[ "$(jq -r .State.Running "$work/web.json")" = true ] || fail 'message: no-web'
[ "$status" = 200 ] || fail 'message: no-page'
tar -xOf "$work/page.tar" >"$work/page" || fail 'message: no-page'
head -c 500 "$work/page"
grep -qi ahoy "$work/page" || fail 'message: other-page'
