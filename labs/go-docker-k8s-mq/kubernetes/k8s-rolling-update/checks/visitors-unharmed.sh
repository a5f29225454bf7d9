# While a Pod of the broken version exists, every visitor is answered by the good one.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
pods=$(api '/api/v1/namespaces/default/pods?labelSelector=app%3Dshop') || exit 3
if ! echo "$pods" | jq -e 'any(.items[]; .spec.containers[0].image == "hello:3")' >/dev/null; then
    echo 'message: release'
    exit 1
fi
good=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    case $(curl -fs -m 2 http://nodes:30080/) in
        'hello v2 from shop-'*) good=$((good + 1)) ;;
    esac
done
echo "$good of 20 answered by v2"
[ "$good" = 20 ]
