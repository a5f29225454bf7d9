# The pod that is named was one of web's, is gone, and two are there. kubectl and its keys are the
# learner's; that a third was made is asked of the cluster itself by another check.
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
k() { kubectl --request-timeout=6s "$@"; }
name=$([ -f ~/deleted.txt ] && head -c 200 ~/deleted.txt | tr -d ' \r\n\t' | sed 's,^pod/,,')
[ -n "$name" ] || fail 'message: no-file'
pods=$(k get pods -o name 2>&1) || { echo "$pods"; exit 3; }
echo "$name; now: $pods" | tr '\n' ' '
echo
printf '%s\n' "$pods" | grep -qxF "pod/$name" && fail 'message: still-there'
events=$(k get events --field-selector reason=SuccessfulCreate -o jsonpath='{range .items[*]}{.message}{"\n"}{end}' 2>&1) || { echo "$events"; exit 3; }
case $name in web-*) ;; *) fail 'message: never-was' ;; esac
printf '%s\n' "$events" | grep -qxF "Created pod: $name" || fail 'message: never-was'
ready=$(k get deployment web -o jsonpath='{.status.readyReplicas}' 2>/dev/null)
[ "${ready:-0}" -ge 2 ] || fail 'message: not-two'
