# `make run` serves the course on this machine; `make test` proves that everything works.

TARGET := $(or $(CARGO_TARGET_DIR),target)
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# A static binary needs its own target folder: other flags would rebuild everything else.
AGENT_TARGET := $(TARGET)/agent

.PHONY: run test check setup build web agent lint-labs fmt clean-engine

run: setup build
	exec $(TARGET)/release/slipway serve

# Installs and starts what a fresh Debian machine lacks. Says so first; does nothing the second time.
setup:
	scripts/setup

build: web agent
	cargo build --release --bin slipway
	install -m 755 $(AGENT_TARGET)/$(HOST)/release/slipway-agent $(TARGET)/release/slipway-agent.static

# The front end, built into static/dist when its sources changed.
web:
	scripts/build-web

# The agent runs in machines of any distribution, so it is static.
agent:
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --release \
		--package slipway-agent --target $(HOST) --target-dir $(AGENT_TARGET)

test:
	scripts/test

# What needs no engine: formats, lints, types.
check:
	scripts/check

fmt:
	cargo fmt --all
	cd web && npx prettier --write .
	cd e2e && npx prettier --write .
