# The image's own ENV, for login shells that start from a clean environment. Read
# after the one of the image below, which says where modules are not.
export GOFLAGS='-buildvcs=false -mod=mod'
export GOPROXY=file:///usr/lib/slipway/gomod/cache/download GOMODCACHE=/usr/lib/slipway/gomod
export AMQP_URL=${AMQP_URL:-amqp://learner:learner@broker:5672/%2F}
export RABBITMQ_API=${RABBITMQ_API:-http://learner:learner@broker:15672/api}
export NATS_URL=${NATS_URL:-nats://learner:learner@broker:4222}
export REDIS_URL=${REDIS_URL:-redis://learner:learner@broker:6379}
