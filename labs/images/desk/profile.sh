# The image's own ENV, for login shells that start from a clean environment.
export AMQP_URL=${AMQP_URL:-amqp://learner:learner@broker:5672/%2F}
export RABBITMQ_API=${RABBITMQ_API:-http://learner:learner@broker:15672/api}
export REDIS_URL=${REDIS_URL:-redis://learner:learner@broker:6379}
