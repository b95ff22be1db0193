"""The provider's memory: payments and refunds, in one file with the callbacks about them (`channels/sandbox/books.py`)."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.payment.sandbox.types import ClosedBecause, Payment, Refund
from channels.payment.sandbox.wire import CreateBody, RefundBody
from channels.sandbox.books import Books
from channels.sandbox.times import from_ms, to_ms
from models.shared import Money
from models.shared.ids import AttemptId, RefundId

SCHEMA = Path(__file__).with_name("schema.sql")
_ROUND = 200
"""So much of what is due is answered at once: after a long rest the server must not be busy with the backlog only."""
_NOT_FIELDS = {"amount_minor", "currency", "pay_late_at"}


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


class SandboxStore(Books):
    """Payments and refunds of the sandbox."""

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

    def next_step_at(self) -> datetime | None:
        """When a refund settles, a payment expires or late money arrives next."""
        row = self._db.execute(
            "SELECT min(at) FROM (SELECT min(due_at) AS at FROM refunds WHERE status = 'processing'"
            " UNION ALL SELECT min(expires_at) FROM payments WHERE status = 'pending'"
            " UNION ALL SELECT min(pay_late_at) FROM payments WHERE pay_late_at IS NOT NULL)"
        ).fetchone()
        return None if row[0] is None else from_ms(row[0])
