# Asks the service ten times from outside the learner's machine, while node2 is off.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
state=$(api /api/v1/nodes/node2 | jq -r '.status.conditions[] | select(.type == "Ready") | .status') || exit 3
if [ "$state" = True ]; then
    echo 'message: node'
    exit 1
fi
good=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
    case $(curl -fs -m 2 http://nodes:30080/) in
        'hello v1 from web-'*) good=$((good + 1)) ;;
    esac
done
echo "$good of 10 requests answered"
[ "$good" = 10 ]
