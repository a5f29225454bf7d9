. /etc/profile
set -eu
cd ~/shop
sed -i 's/^        # TODO step 4: .*$/        _, left, _ = broker.xautoclaim(STREAM, GROUP, name, min_idle_time=15000, start_id="0-0", count=1)\n        for number, order in left:\n            pack(number, order)/' packer.py
pkill -f "^python3 packer.py" || true
setsid nohup python3 packer.py dora 1 >>/tmp/dora.log 2>&1 </dev/null &
until redis-cli client list | grep -q cmd=xreadgroup; do sleep 0.2; done
redis-cli xadd orders "*" tea keemun grams 60
redis-cli xadd orders "*" tea sencha grams 40

# Until all is packed: what anna left lying has to be idle long enough first.
for _ in $(seq 120); do
    open=$(redis-cli --json xinfo groups orders | jq ".[] | select(.name == \"packers\") | .pending")
    [ "$open" -ne 0 ] || [ "$(redis-cli xlen parcels)" -lt 2 ] || break
    sleep 0.5
done
cat /tmp/dora.log
[ "$open" -eq 0 ]
