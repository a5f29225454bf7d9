# While a Pod of the broken version exists, every visitor is answered by the good one.
kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
images=$($kube get pods -l app=shop -o 'jsonpath={.items[*].spec.containers[0].image}') || exit 3
case " $images " in
    *' hello:3 '*) ;;
    *)
        echo 'message: release'
        exit 1
        ;;
esac
good=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    case $(curl -fs -m 2 http://nodes:30080/) in
        'hello v2 from shop-'*) good=$((good + 1)) ;;
    esac
done
echo "$good of 20 answered by v2"
[ "$good" = 20 ]
