-- What the carriers keep. Times are milliseconds since 1970.
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
