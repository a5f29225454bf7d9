# Asks the service ten times from outside the learner's machine, while node2 is off.
kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
ready=$($kube get node node2 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') || exit 3
if [ "$ready" = True ]; then
    echo 'message: node'
    exit 1
fi
good=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
    answer=$(curl -fs -m 2 http://nodes:30080/) || answer=
    case $answer in
        'hello v1 from web-'*) good=$((good + 1)) ;;
    esac
done
echo "$good of 10 requests answered"
[ "$good" = 10 ]
