module nats

go 1.24
