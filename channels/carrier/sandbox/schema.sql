-- The carriers' own books. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS parcels (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    company      TEXT NOT NULL,
    waybill      TEXT NOT NULL UNIQUE,
    reference    TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('delivery', 'return')),
    sender       TEXT NOT NULL,
    recipient    TEXT NOT NULL,
    weight_g     INTEGER NOT NULL,
    pieces       INTEGER NOT NULL,
    notify_url   TEXT NOT NULL,
    status       TEXT NOT NULL,
    booked_at    INTEGER NOT NULL,
    estimated_at INTEGER NOT NULL,
    pickup_at    INTEGER,
    next_code    TEXT,
    next_at      INTEGER,
    UNIQUE (company, reference),
    CHECK ((next_code IS NULL) = (next_at IS NULL))
);
CREATE INDEX IF NOT EXISTS parcels_by_next_step ON parcels (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS events (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    waybill  TEXT NOT NULL REFERENCES parcels (waybill),
    code     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    place    TEXT NOT NULL,
    detail   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_parcel ON events (waybill);

CREATE TABLE IF NOT EXISTS pushes (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id      TEXT NOT NULL,
    waybill       TEXT NOT NULL,
    code          TEXT NOT NULL,
    url           TEXT NOT NULL,
    body          TEXT NOT NULL,
    send_at       INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'gave_up', 'lost')),
    disguise      TEXT NOT NULL,
    stale_seconds REAL NOT NULL,
    once          INTEGER NOT NULL,
    after_next    INTEGER NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0,
    last_answer   TEXT
);
CREATE INDEX IF NOT EXISTS pushes_due ON pushes (send_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS pushes_of_parcel ON pushes (waybill);

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
