# A packer of ours takes two orders: one that it leaves lying (its idle time is set
# to a minute) and one that it has only just begun. The learner's program has to
# take over the first, pack and acknowledge it, and leave the second alone.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
redis --json xinfo groups orders 2>/dev/null | jq -e 'map(.name) | index("packers")' >/dev/null || fail 'message: not-running'
word=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
ghost=visitor-$word

waiting() { redis client list | grep -q 'cmd=xreadgroup'; }
tries=0
until waiting; do
    tries=$((tries + 1))
    [ "$tries" -lt 40 ] || fail 'message: not-running'
    usleep 250000
done

# Both at once, so that nobody can be faster; what else was waiting goes along and is
# handed back below.
redis >/dev/null <<COMMANDS
multi
xadd orders * tea left-$word grams 1
xadd orders * tea fresh-$word grams 1
xreadgroup group packers $ghost count 1000 streams orders >
exec
COMMANDS
find_entry() {
    redis --json xrevrange orders + - count 1000 | jq -r --arg tea "$1" '[.[] | select(.[1] | tostring | contains($tea)) | .[0]] | first // ""'
}
left=$(find_entry "left-$word") fresh=$(find_entry "fresh-$word")
[ -n "$left" ] && [ -n "$fresh" ] || exit 3
holder() { redis --json xpending orders packers "$1" "$1" 1 | jq -r '.[0][1] // "nobody"'; }

tidy() {
    redis xack orders packers "$left" "$fresh" >/dev/null
    redis xdel orders "$left" "$fresh" >/dev/null
    # Only the entries of others are left to it: let them seem long idle.
    redis --json xpending orders packers - + 1000 "$ghost" | jq -r '.[][0]' | while read -r number; do
        redis xclaim orders packers "$ghost" 0 "$number" idle 3600000 justid >/dev/null
    done
    [ "$(redis --json xpending orders packers - + 1 "$ghost")" != '[]' ] ||
        redis xgroup delconsumer orders packers "$ghost" >/dev/null
}
redis --json xpending orders packers - + 1000 "$ghost" | jq -r '.[][0]' | while read -r number; do
    [ "$number" = "$fresh" ] || redis xclaim orders packers "$ghost" 0 "$number" idle 60000 justid >/dev/null
done

verdict='message: left-lying'
# By the clock: on a busy host each look takes longer.
end=$(($(date +%s) + 60))
while [ "$(date +%s)" -lt "$end" ]; do
    now=$(holder "$left")
    case $now in
        nobody) verdict=done; break ;;
        "$ghost") verdict='message: left-lying' ;;
        *) verdict='message: not-acked' ;;
    esac
    # The fresh one becomes fair game once it is as old as what was asked for.
    idle=$(redis --json xpending orders packers "$fresh" "$fresh" 1 | jq -r '.[0][2] // 0')
    if [ "$(holder "$fresh")" = "$ghost" ] && [ "$idle" -gt 8000 ]; then
        redis xclaim orders packers "$ghost" 0 "$fresh" idle 0 justid >/dev/null
    fi
    [ "$(holder "$fresh")" = "$ghost" ] || { verdict='message: greedy'; break; }
    usleep 250000
done
if [ "$verdict" = done ]; then
    # Two more looks of the program, for one that takes whatever it can get.
    tries=0
    while [ "$tries" -lt 20 ]; do
        tries=$((tries + 1))
        [ "$(holder "$fresh")" = "$ghost" ] || { verdict='message: greedy'; break; }
        usleep 250000
    done
fi
if [ "$verdict" = done ]; then
    redis --json xrevrange parcels + - count 200 | jq -e --arg order "$left" \
        'any(.[]; .[1] | tostring | contains($order))' >/dev/null || verdict='message: no-parcel'
fi
tidy
echo "verdict: $verdict"
[ "$verdict" = done ] || fail "$verdict"
