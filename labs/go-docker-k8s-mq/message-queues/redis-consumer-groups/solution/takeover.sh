. /etc/profile
set -eu
redis-cli xadd orders '*' tea bancha grams 80
redis-cli xreadgroup group packers ben count 2 streams orders '>'
# Ten seconds have to pass: that is the exercise, and nothing announces it but idle time itself.
until [ "$(redis-cli --json xpending orders packers - + 10 ben | jq 'length >= 2 and all(.[]; .[2] >= 10000)')" = true ]; do
    sleep 0.5
done
redis-cli xautoclaim orders packers anna 10000 0
mine=$(redis-cli --json xpending orders packers - + 10 anna | jq -r '.[0][0]')
redis-cli xack orders packers "$mine"
redis-cli xpending orders packers - + 10
