# All of the containers do what they are for: one after the other is asked.
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

as_learner sh -c 'docker ps --filter ancestor=tea:1 --format "{{.Names}}" | grep -E "^tea[0-9]+$" | sort -V | head -n 30' >"$work/names"
n=$(wc -l <"$work/names")
echo "$n containers"
[ "$n" -ge 30 ] || fail 'message: too-few'
: >"$work/answers"
for i in $(seq 30); do
    address=$(as_learner docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "tea$i" 2>/dev/null) || fail 'message: too-few'
    echo "wget -q -T 3 -O - http://$address:8080/ || echo silent"
done >"$work/ask"
as_learner timeout 60 docker run --rm -i busybox:1.37 sh <"$work/ask" >"$work/answers" 2>/dev/null
answers=$(sed -n 's/^tea from \([0-9a-f]\{12\}\) .*/\1/p' "$work/answers" | sort -u | wc -l)
echo "$answers different answers"
[ "$answers" -ge 30 ] || fail 'message: silent'
