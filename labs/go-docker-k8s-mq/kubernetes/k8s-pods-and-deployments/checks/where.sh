# The file says what the cluster says. kubectl and its keys are the learner's.
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
node=$(kubectl --request-timeout=6s get pod tea -o jsonpath='{.spec.nodeName}' 2>&1) || {
    case $node in
        *NotFound*) fail 'message: no-pod' ;;
        *) echo "$node"; exit 3 ;;
    esac
}
[ -n "$node" ] || fail 'message: no-pod'
answer=$([ -f ~/where.txt ] && head -c 200 ~/where.txt | tr -d ' \r\n\t')
echo "cluster: $node; file: $answer"
[ -n "$answer" ] || fail 'message: no-file'
[ "$answer" = "$node" ] || fail 'message: differs'
