# The image's own ENV, for login shells that start from a clean environment.
export GOFLAGS=-buildvcs=false GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOTELEMETRY=off
export CGO_ENABLED=0 GOPATH=/home/learner/go GOCACHE=/var/tmp/go-build
export GOMODCACHE=/home/learner/go/pkg/mod
PATH=$PATH:/home/learner/go/bin
