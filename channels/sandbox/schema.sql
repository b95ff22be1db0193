-- What every sandbox keeps beside its own tables. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS callbacks (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id      TEXT NOT NULL,
    kind          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    url           TEXT NOT NULL,
    body          TEXT NOT NULL,
    send_at       INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'gave_up', 'lost')),
    disguise      TEXT NOT NULL,
    stale_seconds REAL NOT NULL,
    once          INTEGER NOT NULL,
    held          INTEGER NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0,
    last_answer   TEXT
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (send_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS callbacks_of_subject ON callbacks (subject);

CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_by_age ON nonces (seen_at);

CREATE TABLE IF NOT EXISTS schedule (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    set_at   INTEGER NOT NULL,
    seed     INTEGER NOT NULL,
    rules    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS injected (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    owner   TEXT NOT NULL,
    rule    TEXT NOT NULL,
    hit_on  TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS injected_by_rule ON injected (owner, rule);
