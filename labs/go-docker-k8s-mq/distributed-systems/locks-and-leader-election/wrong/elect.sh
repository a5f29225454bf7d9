# Elected once, leader forever: the end of the lease goes unnoticed.
. /etc/profile
set -eu
cd ~/shop
cat >/tmp/lead <<'GO'
// lead runs for leader, and returns when that is over; main then calls it again.
// While we lead, and only then, leads is true.
func lead(ctx context.Context, client *clientv3.Client) error {
	session, err := concurrency.NewSession(client, concurrency.WithTTL(*ttl))
	if err != nil {
		return err
	}
	defer session.Close() // gives the lease back, and with it the office
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	if err := concurrency.NewElection(session, *shop+"leader").Campaign(ctx, *name); err != nil {
		return err
	}
	log.Println("leading")
	leads.Store(true)
	defer leads.Store(false)
	<-ctx.Done()
	return nil
}
GO
sed -i -e '/^\/\/ lead runs/d' -e '/^\/\/ While we lead/d' -e '/^func lead/,/^}/{/^}/r /tmp/lead
d}' -e 's|^\tclientv3 "go.etcd.io.*|&\n\t"go.etcd.io/etcd/client/v3/concurrency"|' till/main.go
setsid nohup bash three.sh >/tmp/three.log 2>&1 </dev/null &
for _ in $(seq 150); do
    ! curl -s "localhost:808[1-3]/?for=Ada" | grep 'served by' || exit 0
    sleep 0.2
done
exit 1
