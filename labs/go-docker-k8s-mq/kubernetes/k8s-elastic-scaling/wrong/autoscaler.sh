# Without an upper bound that was thought about.
. /etc/profile
set -eu
kubectl autoscale deployment web --min=1 --max=20 --cpu-percent=50
