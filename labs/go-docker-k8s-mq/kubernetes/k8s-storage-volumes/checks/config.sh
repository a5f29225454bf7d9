PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fs -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
want=$(api /api/v1/namespaces/default/configmaps/notes-config | jq -r '.data["welcome.txt"] // ""')
if [ -z "$want" ]; then
    echo 'message: map'
    exit 1
fi
[ "$(curl -fs -m 3 http://nodes:30080/config/welcome.txt)" = "$want" ]
