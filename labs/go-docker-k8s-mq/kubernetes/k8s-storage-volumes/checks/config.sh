kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
want=$($kube get configmap notes-config -o 'jsonpath={.data.welcome\.txt}' 2>/dev/null)
if [ -z "$want" ]; then
    echo 'message: map'
    exit 1
fi
[ "$(curl -fs -m 3 http://nodes:30080/config/welcome.txt)" = "$want" ]
