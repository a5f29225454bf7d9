# What a build of the project sends to the engine: listed by an image that takes all of it.
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

printf 'FROM scratch\nCOPY . /\n' >"$work/all" && chmod 644 "$work/all" || exit 3
as_learner sh -c 'timeout 30 docker build --quiet --file "$0" --output type=tar,dest=- /home/learner/shop' "$work/all" \
    >"$work/context.tar" 2>"$work/err" || { head -c 2000 "$work/err"; fail 'message: fails'; }
tar -tf "$work/context.tar" >"$work/names" 2>/dev/null || exit 3
head -n 50 "$work/names"
grep -qx '\.env' "$work/names" && fail 'message: secret-sent'
grep -q '^backup' "$work/names" && fail 'message: backup-sent'
for name in main.go go.mod; do
    grep -qx "$name" "$work/names" || fail 'message: too-much'
done
# It must be the list that keeps them out: removing the files would be no answer.
as_learner sh -c '[ -f /home/learner/shop/.env ] && [ -f /home/learner/shop/backup/orders.db ]' || fail 'message: files-gone'
