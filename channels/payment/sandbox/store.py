"""The sandbox's memory: one SQLite file that survives a restart and kill -9.

One thread and one connection write. No method awaits, so each is atomic towards the others; those that change something
are called inside `transaction()`, which is what makes a paid payment and its pending callback appear together or not at
all. Write-ahead log with `synchronous=normal`: nothing committed is lost when the process dies.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.payment.sandbox.types import ClosedBecause, Delivery, NewDelivery, Payment, Refund
from channels.payment.sandbox.wire import CreateBody, RefundBody
from models.shared import Money
from models.shared.ids import AttemptId, RefundId

_SCHEMA = Path(__file__).with_name("schema.sql")
_ROUND = 200
"""So much of what is due is answered at once: after a long rest the server must not be busy with the backlog only."""
_NOT_FIELDS = {"amount_minor", "currency", "pay_late_at"}


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as stored."""
    return round(moment.timestamp() * 1000)


def from_ms(stored: int) -> datetime:
    """A stored time, in UTC."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def open_books(path: Path) -> sqlite3.Connection:
    """Connect to the file, creating it and its tables when it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=normal")
    connection.execute("PRAGMA foreign_keys=on")
    connection.executescript(_SCHEMA.read_text())
    return connection


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    found = {name: row[name] for name in row.keys() if name not in _NOT_FIELDS}  # noqa: SIM118 - a Row iterates its values
    for name, value in found.items():
        if name.endswith("_at") and value is not None:
            found[name] = from_ms(value)
    if "amount_minor" in row.keys():  # noqa: SIM118
        found["amount"] = Money(minor=row["amount_minor"], currency=row["currency"])
    return found


def _payment(row: sqlite3.Row) -> Payment:
    return Payment.model_validate(_fields(row) | {"metadata": json.loads(row["metadata"])})


class SandboxStore:
    """Payments, refunds and callbacks of the sandbox."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Do not await inside: other requests of this process share the connection."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def insert_payment(self, reference: str, body: CreateBody, now: datetime) -> Payment:
        """A new pending payment; an error if its attempt id is known."""
        self._db.execute(
            "INSERT INTO payments (reference, attempt, method, amount_minor, currency, description, notify_url, return_url,"
            " language, metadata, status, created_at, expires_at) VALUES (?,?,?,?,?,?,?,?,?,?,'pending',?,?)",
            (
                reference, body.attempt_id, body.method, body.amount_minor, body.currency, body.description, body.notify_url,
                body.return_url, body.language, json.dumps(body.metadata), to_ms(now), to_ms(body.expires_at),
            ),
        )  # fmt: skip
        return self.payment(reference)

    def payment(self, reference: str) -> Payment:
        """The payment; KeyError if there is none."""
        row = self._db.execute("SELECT * FROM payments WHERE reference = ?", (reference,)).fetchone()
        if row is None:
            raise KeyError(reference)
        return _payment(row)

    def payment_of_attempt(self, attempt: AttemptId) -> Payment | None:
        """The payment created for a merchant's attempt."""
        row = self._db.execute("SELECT * FROM payments WHERE attempt = ?", (attempt,)).fetchone()
        return None if row is None else _payment(row)

    def recent_payments(self, limit: int) -> list[Payment]:
        """The newest payments, newest first."""
        rows = self._db.execute("SELECT * FROM payments ORDER BY number DESC LIMIT ?", (limit,))
        return [_payment(row) for row in rows]

    def mark_paid(self, reference: str, transaction_id: str, now: datetime, *, late: bool) -> Payment:
        """The money arrived. Once: a payment that is paid already is an error (the caller looked first)."""
        changed = self._db.execute(
            "UPDATE payments SET status = 'paid', transaction_id = ?, paid_at = ?, late = ?, pay_late_at = NULL"
            " WHERE reference = ? AND status = ?",
            (transaction_id, to_ms(now), late, reference, "closed" if late else "pending"),
        ).rowcount
        if changed != 1:
            raise RuntimeError(f"{reference} cannot be paid in the state it is in")
        return self.payment(reference)

    def mark_closed(
        self, reference: str, because: ClosedBecause, now: datetime, pay_late_at: datetime | None
    ) -> Payment:
        """Nobody can pay any more, unless `pay_late_at` says that the money is on its way regardless."""
        self._db.execute(
            "UPDATE payments SET status = 'closed', closed_at = ?, closed_because = ?, pay_late_at = ?"
            " WHERE reference = ? AND status = 'pending'",
            (to_ms(now), because, to_ms(pay_late_at) if pay_late_at else None, reference),
        )
        return self.payment(reference)

    def expired_payments(self, now: datetime) -> list[Payment]:
        """Pending payments whose time is up."""
        rows = self._db.execute(
            "SELECT * FROM payments WHERE status = 'pending' AND expires_at <= ? LIMIT ?", (to_ms(now), _ROUND)
        )
        return [_payment(row) for row in rows]

    def late_payments_due(self, now: datetime) -> list[Payment]:
        """Closed payments whose money arrives now."""
        rows = self._db.execute("SELECT * FROM payments WHERE pay_late_at <= ? LIMIT ?", (to_ms(now), _ROUND))
        return [_payment(row) for row in rows]

    def insert_refund(
        self, body: RefundBody, transaction_id: str, refusal: str | None, now: datetime, due: datetime
    ) -> Refund:
        """A refund being processed until `due`; an error if its id is known. It counts against the payment from now on."""
        self._db.execute(
            "INSERT INTO refunds (refund, reference, transaction_id, amount_minor, currency, reason, notify_url, status,"
            " refusal, created_at, due_at) VALUES (?,?,?,?,?,?,?,'processing',?,?,?)",
            (
                body.refund_id, body.reference, transaction_id, body.amount_minor, body.currency, body.reason,
                body.notify_url, refusal, to_ms(now), to_ms(due),
            ),
        )  # fmt: skip
        return self.refund(body.refund_id)

    def refund(self, refund: RefundId) -> Refund:
        """The refund; KeyError if there is none."""
        row = self._db.execute("SELECT * FROM refunds WHERE refund = ?", (refund,)).fetchone()
        if row is None:
            raise KeyError(refund)
        return Refund.model_validate(_fields(row))

    def refunds_of(self, reference: str) -> list[Refund]:
        """All refunds of a payment, in the order they were asked for."""
        rows = self._db.execute("SELECT * FROM refunds WHERE reference = ? ORDER BY created_at, rowid", (reference,))
        return [Refund.model_validate(_fields(row)) for row in rows]

    def refunded_minor(self, reference: str) -> int:
        """What is or may still be going back of a payment: every refund that was not refused."""
        row = self._db.execute(
            "SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE reference = ? AND status <> 'refused'",
            (reference,),
        ).fetchone()
        return int(row[0])

    def refunds_due(self, now: datetime) -> list[Refund]:
        """Refunds whose processing ends now."""
        rows = self._db.execute(
            "SELECT * FROM refunds WHERE status = 'processing' AND due_at <= ? LIMIT ?", (to_ms(now), _ROUND)
        )
        return [Refund.model_validate(_fields(row)) for row in rows]

    def settle_refund(self, refund: RefundId, now: datetime) -> Refund:
        """End the processing: refused if it was fated so, else succeeded."""
        self._db.execute(
            "UPDATE refunds SET status = CASE WHEN refusal IS NULL THEN 'succeeded' ELSE 'refused' END, settled_at = ?"
            " WHERE refund = ? AND status = 'processing'",
            (to_ms(now), refund),
        )
        return self.refund(refund)

    def insert_deliveries(self, deliveries: list[NewDelivery]) -> None:
        """Callbacks to be sent by the courier, also after a restart."""
        for new in deliveries:
            values = new.model_dump() | {"send_at": to_ms(new.send_at)}
            names = ", ".join(values)
            self._db.execute(
                f"INSERT INTO deliveries ({names}) VALUES ({', '.join(':' + name for name in values)})", values
            )

    def deliveries_due(self, now: datetime, limit: int, besides: set[int]) -> list[Delivery]:
        """Callbacks whose time has come, oldest first, without those already in someone's hands."""
        rows = self._db.execute(
            "SELECT * FROM deliveries WHERE state = 'waiting' AND send_at <= ? ORDER BY send_at, number LIMIT ?",
            (to_ms(now), limit + len(besides)),
        )
        return [Delivery.model_validate(_fields(row)) for row in rows if row["number"] not in besides][:limit]

    def deliveries_of(self, reference: str) -> list[Delivery]:
        """Every callback of a payment, in the order they were written."""
        rows = self._db.execute("SELECT * FROM deliveries WHERE reference = ? ORDER BY number", (reference,))
        return [Delivery.model_validate(_fields(row)) for row in rows]

    def record_try(self, delivery: Delivery, state: str, answer: str, next_at: datetime) -> None:
        """One more try of a callback, and what becomes of it."""
        self._db.execute(
            "UPDATE deliveries SET tries = tries + 1, state = ?, last_answer = ?, send_at = ? WHERE number = ?",
            (state, answer, to_ms(next_at), delivery.number),
        )

    def let_go(self, reference: str, now: datetime) -> None:
        """Send what was held back until a refund of this payment had been reported."""
        self._db.execute(
            "UPDATE deliveries SET send_at = ?, after_refund = 0 WHERE reference = ? AND after_refund AND state = 'waiting'",
            (to_ms(now), reference),
        )

    def next_due(self, besides: set[int]) -> datetime | None:
        """When something is to happen next by itself; `besides` are callbacks already in someone's hands."""
        row = self._db.execute(
            "SELECT min(at) FROM (SELECT min(send_at) AS at FROM deliveries WHERE state = 'waiting'"
            " AND number NOT IN (SELECT value FROM json_each(?))"
            " UNION ALL SELECT min(due_at) FROM refunds WHERE status = 'processing'"
            " UNION ALL SELECT min(expires_at) FROM payments WHERE status = 'pending'"
            " UNION ALL SELECT min(pay_late_at) FROM payments WHERE pay_late_at IS NOT NULL)",
            (json.dumps(list(besides)),),
        ).fetchone()
        return None if row[0] is None else from_ms(row[0])

    def remember_nonce(self, nonce: str, now: datetime, forget_before: datetime) -> bool:
        """False if the nonce was seen since `forget_before`."""
        self._db.execute("DELETE FROM nonces WHERE seen_at < ?", (to_ms(forget_before),))
        done = self._db.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, to_ms(now)))
        return done.rowcount == 1

    def close(self) -> None:
        """Close the file."""
        self._db.close()
