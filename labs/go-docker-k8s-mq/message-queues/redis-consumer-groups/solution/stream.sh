. /etc/profile
set -eu
redis-cli xadd orders '*' tea longjing grams 100
redis-cli xadd orders '*' tea puer grams 200
redis-cli xadd orders '*' tea oolong grams 50
redis-cli xlen orders
redis-cli xrange orders - +
