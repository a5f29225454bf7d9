# Only scaled, by a command; the greeting is forgotten.
. /etc/profile
set -eu
kubectl scale deployment web --replicas=4
kubectl rollout status deployment web --timeout=60s
