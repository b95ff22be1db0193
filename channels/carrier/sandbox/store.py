"""The carriers' memory: one SQLite file that survives a restart and kill -9.

One thread and one connection write. No method awaits, so each is atomic towards the others; those that change something are
called inside `transaction()`, which is what makes an event and its pending push appear together or not at all.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.carrier.sandbox.types import Happening, NewPush, Parcel, Push
from channels.carrier.sandbox.wire import BookBody, Code, Company, Party

_SCHEMA = Path(__file__).with_name("schema.sql")
_ROUND = 200
"""So much of what is due is done at once: after a long rest the server must not be busy with the backlog only."""


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
    found = dict(row)
    for name, value in found.items():
        if (name == "at" or name.endswith("_at")) and value is not None:
            found[name] = from_ms(value)
        elif name in ("sender", "recipient"):
            found[name] = json.loads(value)
    return found


class CarrierStore:
    """Parcels, their histories and the pushes about them."""

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

    # ---- parcels -----------------------------------------------------------------------------------------------------

    def insert_parcel(
        self,
        company: Company,
        waybill: str,
        body: BookBody,
        *,
        now: datetime,
        estimated_at: datetime,
        pickup_at: datetime | None,
    ) -> Parcel:
        """A new parcel; an error if its reference is known."""
        self._db.execute(
            "INSERT INTO parcels (company, waybill, reference, kind, sender, recipient, weight_g, pieces, notify_url, status,"
            " booked_at, estimated_at, pickup_at) VALUES (?,?,?,?,?,?,?,?,?,'booked',?,?,?)",
            (
                company, waybill, body.reference, body.kind, body.sender.model_dump_json(),
                body.recipient.model_dump_json(), body.weight_g, body.pieces, body.notify_url, to_ms(now),
                to_ms(estimated_at), to_ms(pickup_at) if pickup_at else None,
            ),
        )  # fmt: skip
        return self.parcel(waybill)

    def parcel(self, waybill: str) -> Parcel:
        """The parcel; KeyError if there is none."""
        row = self._db.execute("SELECT * FROM parcels WHERE waybill = ?", (waybill,)).fetchone()
        if row is None:
            raise KeyError(waybill)
        return Parcel.model_validate(_fields(row))

    def parcel_of(self, company: Company, reference: str) -> Parcel | None:
        """The parcel that was booked under a merchant's reference."""
        row = self._db.execute(
            "SELECT * FROM parcels WHERE company = ? AND reference = ?", (company, reference)
        ).fetchone()
        return None if row is None else Parcel.model_validate(_fields(row))

    def recent_parcels(self, limit: int) -> list[Parcel]:
        """The newest parcels, newest first."""
        rows = self._db.execute("SELECT * FROM parcels ORDER BY number DESC LIMIT ?", (limit,))
        return [Parcel.model_validate(_fields(row)) for row in rows]

    def redirect(self, waybill: str, recipient: Party) -> None:
        """The parcel goes elsewhere."""
        self._db.execute("UPDATE parcels SET recipient = ? WHERE waybill = ?", (recipient.model_dump_json(), waybill))

    def set_next(self, waybill: str, code: Code | None, at: datetime | None) -> None:
        """What happens to the parcel by itself, and when; None for nothing."""
        self._db.execute(
            "UPDATE parcels SET next_code = ?, next_at = ? WHERE waybill = ?",
            (code, to_ms(at) if at else None, waybill),
        )

    def parcels_due(self, now: datetime) -> list[Parcel]:
        """Parcels that take a step by themselves now."""
        rows = self._db.execute(
            "SELECT * FROM parcels WHERE next_at <= ? ORDER BY next_at LIMIT ?", (to_ms(now), _ROUND)
        )
        return [Parcel.model_validate(_fields(row)) for row in rows]

    # ---- histories ---------------------------------------------------------------------------------------------------

    def insert_event(self, event: Happening) -> None:
        """Write what happened, and make it the parcel's status."""
        self._db.execute(
            "INSERT INTO events (event_id, waybill, code, at, place, detail) VALUES (?,?,?,?,?,?)",
            (event.event_id, event.waybill, event.code, to_ms(event.at), event.place, event.detail),
        )
        self._db.execute("UPDATE parcels SET status = ? WHERE waybill = ?", (event.code, event.waybill))

    def events_of(self, waybill: str) -> list[Happening]:
        """A parcel's history in the order of its times."""
        rows = self._db.execute(
            "SELECT event_id, waybill, code, at, place, detail FROM events WHERE waybill = ? ORDER BY at, number",
            (waybill,),
        )
        return [Happening.model_validate(_fields(row)) for row in rows]

    # ---- pushes ------------------------------------------------------------------------------------------------------

    def insert_pushes(self, pushes: list[NewPush]) -> None:
        """Reports to be sent by the courier, also after a restart."""
        for new in pushes:
            values = new.model_dump() | {"send_at": to_ms(new.send_at)}
            names = ", ".join(values)
            self._db.execute(
                f"INSERT INTO pushes ({names}) VALUES ({', '.join(':' + name for name in values)})", values
            )

    def pushes_due(self, now: datetime, limit: int, besides: set[int]) -> list[Push]:
        """Reports whose time has come, oldest first, without those already in someone's hands."""
        rows = self._db.execute(
            "SELECT * FROM pushes WHERE state = 'waiting' AND send_at <= ? ORDER BY send_at, number LIMIT ?",
            (to_ms(now), limit + len(besides)),
        )
        return [Push.model_validate(_fields(row)) for row in rows if row["number"] not in besides][:limit]

    def pushes_of(self, waybill: str) -> list[Push]:
        """Every report about a parcel, in the order they were written."""
        rows = self._db.execute("SELECT * FROM pushes WHERE waybill = ? ORDER BY number", (waybill,))
        return [Push.model_validate(_fields(row)) for row in rows]

    def record_try(self, push: Push, state: str, answer: str, next_at: datetime) -> None:
        """One more try of a push, and what becomes of it."""
        self._db.execute(
            "UPDATE pushes SET tries = tries + 1, state = ?, last_answer = ?, send_at = ? WHERE number = ?",
            (state, answer, to_ms(next_at), push.number),
        )

    def let_go(self, push: Push, now: datetime) -> None:
        """Send what was held back until a later event of this parcel had been pushed."""
        self._db.execute(
            "UPDATE pushes SET send_at = ?, after_next = 0"
            " WHERE waybill = ? AND after_next AND state = 'waiting' AND number < ?",
            (to_ms(now), push.waybill, push.number),
        )

    def next_due(self, besides: set[int]) -> datetime | None:
        """When something is to happen next by itself; `besides` are pushes already in someone's hands."""
        row = self._db.execute(
            "SELECT min(at) FROM (SELECT min(send_at) AS at FROM pushes WHERE state = 'waiting'"
            " AND number NOT IN (SELECT value FROM json_each(?))"
            " UNION ALL SELECT min(next_at) FROM parcels WHERE next_at IS NOT NULL)",
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
