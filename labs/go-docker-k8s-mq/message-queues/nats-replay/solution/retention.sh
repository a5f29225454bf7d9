. /etc/profile
set -eu
nats stream edit ORDERS --max-msgs 5
nats stream view ORDERS
nats stream add TASKS --subjects 'tasks.>' --retention work
nats pub tasks.pack 'pack order {{Count}}' --count 3
nats consumer add TASKS pack
nats consumer next TASKS pack --count 2
nats stream view TASKS
