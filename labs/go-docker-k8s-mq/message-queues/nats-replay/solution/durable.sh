. /etc/profile
set -eu
cd ~/shop
sed -i 's/^\t\t\/\/ TODO step 2: .*$/\t\tDurable:   "mail",/' mailer/mailer.go
go vet ./mailer
mkdir -p ~/.solution
go build -o ~/.solution/mailer ./mailer

# acknowledged NUMBER: until the consumer has acknowledged up to there.
acknowledged() {
    for _ in $(seq 100); do
        ! nats consumer info ORDERS mail 2>/dev/null | grep -q "acknowledged  up to number $1\$" || return 0
        sleep 0.2
    done
    return 1
}
setsid nohup ~/.solution/mailer >~/.solution/mailer.log 2>&1 </dev/null &
mailer=$!
acknowledged 6
kill -INT "$mailer"
wait "$mailer" || true
nats pub orders.placed '{"id": 1{{Count}}, "tea": "puer", "grams": 50}' --count 3
setsid nohup ~/.solution/mailer >>~/.solution/mailer.log 2>&1 </dev/null &
acknowledged 9
cat ~/.solution/mailer.log
nats consumer info ORDERS mail
