# A file that appears in the folder appears on the site.
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

word=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
name=check-$word.txt
as_learner sh -c '[ -d /home/learner/site ] && echo "$0" >"/home/learner/site/$1"' "$word" "$name" 2>/dev/null || fail 'message: no-folder'
answer=$(HOME=$work curl -q -sS -m 5 --max-filesize 1000 --noproxy '*' "http://127.0.0.1:8081/$name" 2>"$work/err")
as_learner rm -f "/home/learner/site/$name"
echo "expected $word, got: $answer"
[ "$answer" = "$word" ] && exit 0
[ -n "$answer" ] || fail 'message: no-answer'
fail 'message: other-files'
