. /etc/profile
set -eu
cd ~/shop
sed -i 's/^  selector:/  sessionAffinity: ClientIP\n  selector:/' service.yaml
kubectl apply -f service.yaml
for _ in $(seq 50); do [ "$(sh shares 20 | wc -l)" = 1 ] && exit 0; sleep 0.2; done
exit 1
