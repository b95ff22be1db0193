-- What the provider keeps. Times are milliseconds since 1970, money is minor units.
CREATE TABLE IF NOT EXISTS payments (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    reference      TEXT NOT NULL UNIQUE,
    attempt        TEXT NOT NULL UNIQUE,
    method         TEXT NOT NULL,
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    description    TEXT NOT NULL,
    notify_url     TEXT NOT NULL,
    return_url     TEXT NOT NULL,
    language       TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'closed')),
    transaction_id TEXT UNIQUE,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    paid_at        INTEGER,
    closed_at      INTEGER,
    closed_because TEXT,
    late           INTEGER NOT NULL DEFAULT 0,
    pay_late_at    INTEGER,
    CHECK ((status = 'paid') = (paid_at IS NOT NULL AND transaction_id IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS payments_by_expiry ON payments (expires_at) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS payments_by_late_pay ON payments (pay_late_at) WHERE pay_late_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS payments_by_paid ON payments (paid_at);

CREATE TABLE IF NOT EXISTS refunds (
    refund         TEXT PRIMARY KEY,
    reference      TEXT NOT NULL REFERENCES payments (reference),
    transaction_id TEXT NOT NULL UNIQUE,
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    reason         TEXT NOT NULL,
    notify_url     TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('processing', 'succeeded', 'refused')),
    refusal        TEXT,
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    settled_at     INTEGER
);
CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (reference);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE status = 'processing';
CREATE INDEX IF NOT EXISTS refunds_by_settled ON refunds (settled_at);
