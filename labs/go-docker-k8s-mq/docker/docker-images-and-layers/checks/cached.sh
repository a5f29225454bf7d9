# A copy of the project with one more line in main.go is built: the step that compiles the library must
# come from the cache, and only the program itself be compiled anew.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# On a line of its own, even if what was printed before it ended in the middle of one.
fail() { printf "\n%s\n" "$1"; exit 1; }
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

mkdir "$work/shop" && chown 1000:1000 "$work/shop" || exit 3
for name in Dockerfile main.go go.mod; do
    as_learner sh -c '[ -f "$0" ] && head -c 65536 "$0" >"$1"' "/home/learner/shop/$name" "$work/shop/$name" ||
        fail 'message: no-file'
done
as_learner docker image inspect orders:1 >/dev/null 2>&1 || fail 'message: not-built'
as_learner sh -c 'echo "// $(od -An -N8 -tx1 /dev/urandom)" >>"$0"' "$work/shop/main.go" || exit 3
as_learner timeout 25 docker build --progress=plain --output=type=cacheonly "$work/shop" >"$work/out" 2>&1
code=$?
head -c 6000 "$work/out"
# Every step is announced as `#8 [4/6] RUN …`; one from the cache is followed by `#8 CACHED`.
step=$(sed -n 's/^\(#[0-9]*\) \[.*\] RUN .*go build .*\(net\/http\|std\).*/\1/p' "$work/out" | head -n 1)
[ -n "$step" ] || { [ "$code" -eq 0 ] || fail 'message: fails'; fail 'message: no-step'; }
grep -qx "$step CACHED" "$work/out" || fail 'message: not-cached'
[ "$code" -eq 0 ] || fail 'message: fails'
program=$(sed -n 's/^\(#[0-9]*\) \[.*\] RUN .*go build .*-o.*/\1/p' "$work/out" | tail -n 1)
[ -n "$program" ] || fail 'message: fails'
! grep -qx "$program CACHED" "$work/out" || fail 'message: old-program'
