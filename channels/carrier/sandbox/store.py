"""The carriers' memory: parcels and their histories, in one file with the pushes about them (`channels/sandbox/books.py`)."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.carrier.sandbox.types import Happening, Parcel
from channels.carrier.sandbox.wire import BookBody, Code, Company, Party
from channels.sandbox.books import Books
from channels.sandbox.times import from_ms, to_ms

SCHEMA = Path(__file__).with_name("schema.sql")
_ROUND = 200
"""So much of what is due is done at once: after a long rest the server must not be busy with the backlog only."""


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    for name, value in found.items():
        if (name == "at" or name.endswith("_at")) and value is not None:
            found[name] = from_ms(value)
        elif name in ("sender", "recipient"):
            found[name] = json.loads(value)
    return found


class CarrierStore(Books):
    """Parcels and their histories."""

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

    def next_step_at(self) -> datetime | None:
        """When a parcel takes a step by itself next."""
        row = self._db.execute("SELECT min(next_at) FROM parcels WHERE next_at IS NOT NULL").fetchone()
        return None if row[0] is None else from_ms(row[0])
