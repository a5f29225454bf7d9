# A volume, but not where the program writes.
. /etc/profile
set -eu
order() { for _ in $(seq 50); do curl -fs -d "$1" localhost:8080/orders && return; sleep 0.2; done; return 1; }
for tea in oolong sencha; do
    docker rm -f store >/dev/null 2>&1 || true
    docker run -d --name store -p 8080:8080 -v orders:/orders tea-shop:1
    order "$tea"
done
