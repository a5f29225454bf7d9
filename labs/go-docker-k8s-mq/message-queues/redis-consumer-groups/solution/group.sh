. /etc/profile
set -eu
redis-cli xgroup create orders packers 0
redis-cli xreadgroup group packers anna count 1 streams orders '>'
redis-cli xreadgroup group packers ben count 1 streams orders '>'
mine=$(redis-cli --json xpending orders packers - + 10 anna | jq -r '.[0][0]')
redis-cli xack orders packers "$mine"
redis-cli xgroup create orders stats 0
redis-cli xreadgroup group stats stan count 100 streams orders '>'
redis-cli xpending orders packers - + 10
