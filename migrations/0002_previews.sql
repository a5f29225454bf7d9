-- Who may look at which port of which sandbox, from which login session, and until when. Signing
-- out removes the row, and with it the access.
CREATE TABLE previews (
    token_hash  TEXT PRIMARY KEY,                -- SHA-256: of the link's token until opened, then of the cookie
    login_hash  TEXT NOT NULL REFERENCES login_sessions (token_hash) ON DELETE CASCADE,
    sandbox_id  TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
    label       TEXT NOT NULL,                   -- the first label of the preview's host name
    page        TEXT NOT NULL,                   -- the origin that may show it in a frame
    locale      TEXT NOT NULL,
    opened      INTEGER NOT NULL DEFAULT 0,      -- whether the link was used
    partitioned INTEGER NOT NULL DEFAULT 0,      -- whether the browser keeps its cookies for a page of another site
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX previews_by_login ON previews (login_hash, created_at);
