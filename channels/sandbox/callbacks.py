"""Callbacks: what a sandbox reports to the merchant, how faults spoil a report, and the queue in which it waits."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from channels.sandbox.times import from_ms, to_ms
from models.shared import Frozen

Disguise = Literal["genuine", "forged", "stale"]
"""How the first try of a callback is signed; later tries are always genuine."""
CallbackState = Literal["waiting", "delivered", "gave_up", "lost"]
_MOST_COPIES = 100


class NewCallback(Frozen):
    """A report to be sent. Doubled ones are several callbacks of one event."""

    event_id: str
    kind: str
    subject: str
    """What it is about: a payment's reference, a waybill."""
    url: str
    body: str
    send_at: datetime
    state: CallbackState = "waiting"
    disguise: Disguise = "genuine"
    stale_seconds: float = 0
    once: bool = False
    """Give up after the first try, whatever the answer."""
    held: bool = False
    """Held back until a later callback about the same subject lets it go, at the latest until `send_at`."""


class Callback(NewCallback):
    """A report on its way or past it."""

    number: int
    tries: int
    last_answer: str | None


def spoiled(plain: NewCallback, strength: Mapping[Any, float]) -> list[NewCallback]:
    """The callback as these faults, by their strength, let it be sent: late, unsigned, never, or many times.
    Each sandbox has faults of its own; those that spoil a callback are called alike.

    A forged or stale callback is followed by a genuine try if the receiver refuses it, unless the callback is also lost.
    """
    disguised = "forged" in strength or "stale" in strength
    lost = "lost" in strength
    delay = timedelta(seconds=strength.get("late", 0) + strength.get("reordered", 0))
    one = plain.model_copy(
        update={
            "send_at": plain.send_at + delay,
            "state": "lost" if lost and not disguised else "waiting",
            "disguise": "forged" if "forged" in strength else "stale" if "stale" in strength else "genuine",
            "stale_seconds": strength.get("stale", 0),
            "once": lost,
            "held": "reordered" in strength,
        }
    )
    return [one] * min(max(1, int(strength.get("doubled", 1))), _MOST_COPIES)


class CallbackQueue:
    """The callbacks in a sandbox's books. Methods that change something are called inside the books' transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def insert(self, callbacks: list[NewCallback]) -> None:
        """To be sent by the courier, also after a restart."""
        for new in callbacks:
            values = new.model_dump() | {"send_at": to_ms(new.send_at)}
            names = ", ".join(values)
            self._db.execute(
                f"INSERT INTO callbacks ({names}) VALUES ({', '.join(':' + name for name in values)})", values
            )

    def due(self, now: datetime, limit: int, besides: set[int]) -> list[Callback]:
        """Those whose time has come, oldest first, without those already in someone's hands."""
        rows = self._db.execute(
            "SELECT * FROM callbacks WHERE state = 'waiting' AND send_at <= ? ORDER BY send_at, number LIMIT ?",
            (to_ms(now), limit + len(besides)),
        )
        return [_callback(row) for row in rows if row["number"] not in besides][:limit]

    def about(self, subject: str) -> list[Callback]:
        """Every callback about a payment or a parcel, in the order they were written."""
        rows = self._db.execute("SELECT * FROM callbacks WHERE subject = ? ORDER BY number", (subject,))
        return [_callback(row) for row in rows]

    def record_try(self, callback: Callback, state: CallbackState, answer: str, next_at: datetime) -> None:
        """One more try, and what becomes of it."""
        self._db.execute(
            "UPDATE callbacks SET tries = tries + 1, state = ?, last_answer = ?, send_at = ? WHERE number = ?",
            (state, answer, to_ms(next_at), callback.number),
        )

    def let_go(self, later: Callback, now: datetime) -> None:
        """Send what was held back until `later`, about the same subject, had been taken in."""
        self._db.execute(
            "UPDATE callbacks SET send_at = ?, held = 0"
            " WHERE subject = ? AND held AND state = 'waiting' AND number < ?",
            (to_ms(now), later.subject, later.number),
        )

    def next_at(self, besides: set[int]) -> datetime | None:
        """When the next one is to be sent; `besides` are those already in someone's hands."""
        row = self._db.execute(
            "SELECT min(send_at) FROM callbacks WHERE state = 'waiting'"
            " AND number NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(list(besides)),),
        ).fetchone()
        return None if row[0] is None else from_ms(row[0])


def _callback(row: sqlite3.Row) -> Callback:
    return Callback.model_validate(dict(row) | {"send_at": from_ms(row["send_at"])})
