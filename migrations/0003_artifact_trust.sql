-- A third kind of evidence: the learner's work itself, copied and tried elsewhere. SQLite can't
-- change a CHECK, so the table is made anew.
CREATE TABLE checks_new (
    lab_version_id TEXT NOT NULL,
    check_id       TEXT NOT NULL,
    step           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    trust          TEXT NOT NULL CHECK (trust IN ('inside', 'artifact', 'outside')),
    points         INTEGER NOT NULL CHECK (points > 0),
    definition     TEXT NOT NULL CHECK (json_valid(definition)),
    PRIMARY KEY (lab_version_id, check_id),
    FOREIGN KEY (lab_version_id, step) REFERENCES steps (lab_version_id, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO checks_new SELECT * FROM checks;
DROP TABLE checks;
ALTER TABLE checks_new RENAME TO checks;
