# The learner's file says what the engine says.
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

[ "$(api /containers/web/json "$work/web.json")" = 200 ] || fail 'message: no-web'
address=$(jq -r '[.NetworkSettings.IPAddress, (.NetworkSettings.Networks[]?.IPAddress)] | map(select(. != null and . != "")) | first // ""' "$work/web.json")
[ -n "$address" ] || fail 'message: no-web'
# The learner's file is opened as the learner, so that a link leads nowhere they may not go.
said=$(/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups /bin/sh -c \
    '[ -f "$0" ] && head -c 200 "$0"' /home/learner/web-ip.txt | tr -d ' \r\n\t')
echo "engine: $address; file: $said"
[ -n "$said" ] || fail 'message: no-file'
[ "$said" = "$address" ] || fail 'message: differs'
