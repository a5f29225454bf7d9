# The server in a container, beside the engine whose socket it is given.
#
# `make build` comes first: the server needs a newer Rust than Debian has, so the programs are built
# on the host (amd64 or arm64 Linux with glibc 2.41 or older) and copied. Pages, texts and
# migrations are compiled into the program.
FROM debian:trixie-slim
WORKDIR /srv/slipway
COPY target/release/slipway target/release/slipway-agent.static /usr/local/bin/
COPY static static
COPY labs labs
VOLUME /srv/slipway/data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/bin/bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
ENTRYPOINT ["/usr/local/bin/slipway"]
CMD ["serve"]
