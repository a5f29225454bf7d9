-- What each lab needs, as `slipway lab measure` saw it last.
CREATE TABLE lab_measurements (
    lab          TEXT PRIMARY KEY,
    content_hash TEXT NOT NULL,                  -- lab_versions.content_hash of what was measured
    measured_at  INTEGER NOT NULL,
    engine       TEXT NOT NULL,
    host_cpus    INTEGER NOT NULL,
    host_bytes   INTEGER NOT NULL,               -- the host's memory
    start_ms     INTEGER NOT NULL,
    peak_bytes   INTEGER NOT NULL,
    machines     TEXT NOT NULL CHECK (json_valid(machines)),  -- memory of each
    images       TEXT NOT NULL CHECK (json_valid(images))     -- size of each, and their sum
) STRICT;
