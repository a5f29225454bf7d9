api() { curl -fsS --max-time 5 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
noted=$(api /api/v1/namespaces/default/configmaps/notebook 2>/dev/null | jq -r '.data.chain // ""')
[ -n "$noted" ] || exit 1
service=$(api /api/v1/namespaces/default/services/tea 2>/dev/null) || { echo 'message: no-service'; exit 1; }
# The name is a hash of the service's and its port's name, and of the protocol.
port=$(printf '%s' "$service" | jq -r '.spec.ports[0].name // "" | if . == "" then "" else ":" + . end')
hash=$(printf 'default/tea%stcp' "$port" | sha256sum | cut -c1-64 | sed 's/../\\x&/g')
chain=KUBE-SVC-$(printf "$hash" | base32 | head -n 1 | cut -c1-16)
[ "$noted" = "$chain" ] || { echo 'message: wrong'; exit 1; }
