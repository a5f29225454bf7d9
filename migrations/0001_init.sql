-- Times are milliseconds since 1970-01-01T00:00:00Z. Ids are UUIDv7 as text.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    username      TEXT NOT NULL,
    username_key  TEXT NOT NULL UNIQUE,          -- lower case: two spellings are one person
    password_hash TEXT NOT NULL,                 -- argon2id, PHC string
    role          TEXT NOT NULL CHECK (role IN ('student', 'instructor', 'admin')),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE login_sessions (
    token_hash TEXT PRIMARY KEY,                 -- SHA-256 of the cookie, so that a stolen database opens no door
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf_token TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX login_sessions_by_user ON login_sessions (user_id);

-- One-time links: today only the one that makes the first administrator.
CREATE TABLE one_time_tokens (
    token_hash TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('first_admin')),
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

-- An immutable version of a lab, keyed by the hash of its files.
CREATE TABLE lab_versions (
    id           TEXT PRIMARY KEY,
    course       TEXT NOT NULL,
    lab          TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    manifest     TEXT NOT NULL CHECK (json_valid(manifest)),
    published_at INTEGER NOT NULL,
    UNIQUE (lab, content_hash)
) STRICT;

CREATE TABLE lab_version_files (
    lab_version_id TEXT NOT NULL REFERENCES lab_versions (id) ON DELETE CASCADE,
    path           TEXT NOT NULL,
    content        BLOB NOT NULL,
    PRIMARY KEY (lab_version_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    lab_version_id TEXT NOT NULL REFERENCES lab_versions (id) ON DELETE CASCADE,
    step           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    PRIMARY KEY (lab_version_id, step)
) STRICT, WITHOUT ROWID;

-- What the grader reads.
CREATE TABLE checks (
    lab_version_id TEXT NOT NULL,
    check_id       TEXT NOT NULL,
    step           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    trust          TEXT NOT NULL CHECK (trust IN ('inside', 'outside')),
    points         INTEGER NOT NULL CHECK (points > 0),
    definition     TEXT NOT NULL CHECK (json_valid(definition)),
    PRIMARY KEY (lab_version_id, check_id),
    FOREIGN KEY (lab_version_id, step) REFERENCES steps (lab_version_id, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The version that new attempts get.
CREATE TABLE published_labs (
    lab            TEXT PRIMARY KEY,
    lab_version_id TEXT NOT NULL REFERENCES lab_versions (id)
) STRICT;

CREATE TABLE lessons_read (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course  TEXT NOT NULL,
    lesson  TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, course, lesson)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course         TEXT NOT NULL,
    lab            TEXT NOT NULL,
    lab_version_id TEXT NOT NULL REFERENCES lab_versions (id),
    created_at     INTEGER NOT NULL,
    UNIQUE (user_id, lab)
) STRICT;

CREATE TABLE hints_opened (
    attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    step       TEXT NOT NULL,
    hint       INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, step, hint)
) STRICT, WITHOUT ROWID;

CREATE TABLE sandboxes (
    id              TEXT PRIMARY KEY,
    attempt_id      TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    lab_version_id  TEXT NOT NULL REFERENCES lab_versions (id),
    state           TEXT NOT NULL CHECK (state IN
                    ('requested', 'queued', 'creating', 'preparing', 'ready', 'paused', 'ended')),
    generation      INTEGER NOT NULL DEFAULT 1,  -- a reset starts the next one
    secret          TEXT NOT NULL,               -- for the graders' access to services
    extensions_used INTEGER NOT NULL DEFAULT 0,
    requested_at    INTEGER NOT NULL,
    ready_at        INTEGER,
    expires_at      INTEGER,                     -- the countdown starts when it is ready
    ended_at        INTEGER,
    end_reason      TEXT CHECK (end_reason IN ('finished', 'expired', 'failed', 'lost', 'stopped')),
    failure         TEXT,                        -- for the logs and instructors
    CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT;
-- A double click starts one.
CREATE UNIQUE INDEX one_live_sandbox_per_attempt ON sandboxes (attempt_id) WHERE state <> 'ended';
CREATE INDEX live_sandboxes ON sandboxes (requested_at) WHERE state <> 'ended';

CREATE TABLE submissions (
    id              TEXT PRIMARY KEY,
    attempt_id      TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    sandbox_id      TEXT NOT NULL REFERENCES sandboxes (id),
    generation      INTEGER NOT NULL,
    lab_version_id  TEXT NOT NULL REFERENCES lab_versions (id),
    step            TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN
                    ('queued', 'grading', 'graded', 'ungradable', 'grader_error')),
    submitted_at    INTEGER NOT NULL,
    finished_at     INTEGER,
    earned          INTEGER,
    possible        INTEGER NOT NULL,
    UNIQUE (attempt_id, idempotency_key)
) STRICT;
CREATE INDEX submissions_by_attempt ON submissions (attempt_id, step);

-- The queue of work to grade. A row is leased, never taken: a lease that runs out is taken up again.
CREATE TABLE grading_jobs (
    submission_id TEXT PRIMARY KEY REFERENCES submissions (id) ON DELETE CASCADE,
    run_after     INTEGER NOT NULL,
    lease_until   INTEGER,
    lease_token   TEXT,
    tries         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX grading_jobs_due ON grading_jobs (run_after);

CREATE TABLE check_results (
    submission_id TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    check_id      TEXT NOT NULL,
    outcome       TEXT NOT NULL CHECK (outcome IN
                  ('passed', 'failed', 'unstable', 'ungradable', 'grader_error')),
    points        INTEGER NOT NULL,
    message       TEXT CHECK (message IS NULL OR json_valid(message)),
    evidence      TEXT NOT NULL,
    duration_ms   INTEGER NOT NULL,
    PRIMARY KEY (submission_id, check_id)
) STRICT, WITHOUT ROWID;
