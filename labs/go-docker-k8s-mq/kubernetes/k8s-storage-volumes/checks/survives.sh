# Writes a random word through one Pod, deletes that Pod, and asks for the word at the service.
kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
pod=$($kube get pods -l app=notes --field-selector status.phase=Running -o 'jsonpath={.items[0].metadata.name}' 2>/dev/null)
if [ -z "$pod" ]; then
    echo 'message: none'
    exit 1
fi
volumes=$($kube get pod "$pod" -o 'jsonpath={.spec.volumes[?(@.name=="notes")]}')
case $volumes in
    *emptyDir*)
        echo 'message: empty'
        exit 1
        ;;
esac
word=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
$kube exec "$pod" -- sh -c "echo $word > /notes/.proof-$word" || exit 1
$kube delete pod "$pod" --wait=false >/dev/null
found=1
for _ in $(seq 60); do
    next=$($kube get pods -l app=notes --field-selector status.phase=Running -o 'jsonpath={.items[*].metadata.name}')
    case " $next " in
        *" $pod "* | '  ') ;;
        *)
            [ "$(curl -fs -m 2 "http://nodes:30080/.proof-$word")" != "$word" ] || { found=0; break; }
            ;;
    esac
    sleep 0.5
done
for name in $next; do
    $kube exec "$name" -- rm -f "/notes/.proof-$word" 2>/dev/null
done
exit $found
