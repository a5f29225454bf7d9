# The sums follow from the learner's own figures and the assumptions of the text.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /var/tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
install -d -o 1000 -g 1000 "$work/home" && chmod 755 "$work" || exit 3
# The learner's files and engine are used as the learner, with settings that nobody can change.
as_learner() {
    /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
        /usr/bin/env -i PATH="$PATH" HOME="$work/home" DOCKER_CONFIG="$work/home" LANG=C.UTF-8 \
        DOCKER_HOST=unix:///run/user/1000/docker.sock "$@"
}
as_learner timeout 10 docker version >/dev/null 2>&1 || exit 3

# value FILE NAME: what the learner's file says, a plain number or word
value() {
    as_learner sh -c '[ -f "$0" ] && head -c 2000 "$0"' "/home/learner/density/$1" 2>/dev/null |
        sed -n "s/^ *$2 *= *\([0-9a-z.]*\)[ \r]*$/\1/p" | tail -n 1
}
number() { printf '%s\n' "$1" | grep -qE '^[0-9]+(\.[0-9]+)?$'; }
# holds EXPRESSION: of awk, with what is passed by -v
holds() { awk "$@" | grep -qx 1; }
memory=$(value ten.txt memory_mib) seconds=$(value ten.txt seconds)
number "$memory" && number "$seconds" || fail 'message: no-figures'
each=$(value compare.txt each_mib) containers=$(value compare.txt containers_fit)
vms=$(value compare.txt vms_fit) wait=$(value compare.txt vms_seconds)
echo "each_mib=$each containers_fit=$containers vms_fit=$vms vms_seconds=$wait; measured $memory MiB, $seconds s"
number "$each" && number "$containers" && number "$vms" && number "$wait" || fail 'message: incomplete'
near() { holds -v a="$1" -v b="$2" -v by="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; print (d <= by) }'; }
near "$each" "$(awk -v m="$memory" 'BEGIN { print m / 10 }')" 0.11 || fail 'message: each'
fit=$(awk -v e="$each" 'BEGIN { print int(16384 / e) }')
near "$containers" "$fit" "$(awk -v f="$fit" 'BEGIN { print 1 + f / 100 }')" || fail 'message: containers'
# One more would be the sum that forgets the service.
near "$vms" "$(awk -v e="$each" 'BEGIN { print int(16384 / (512 + e)) }')" 0.99 || fail 'message: vms'
near "$wait" 300 0.5 || fail 'message: seconds'
