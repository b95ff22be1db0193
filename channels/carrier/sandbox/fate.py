"""Which faults hit, here and now; every hit is written down and can be read at `GET /faults`."""

import json
import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any

from channels.carrier.sandbox.faults import FaultRule, Schedule, Subject
from channels.carrier.sandbox.store import from_ms, to_ms

_SHOWN = 1000


class Fate:
    """Decides, by the schedule, what goes wrong. Kept in the store's file, so it survives."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._calls: Counter[str] = Counter()
        self._schedule = Schedule()
        self._owner = "schedule"
        row = connection.execute("SELECT * FROM schedule").fetchone()
        if row is not None:
            self._schedule = Schedule(seed=row["seed"], rules=json.loads(row["rules"]))
            self._owner = _named(from_ms(row["set_at"]))

    def set_schedule(self, schedule: Schedule, now: datetime) -> None:
        """Replace the schedule; counting calls and limits starts again."""
        rules = json.dumps([rule.model_dump() for rule in schedule.rules])
        self._db.execute("REPLACE INTO schedule VALUES (1, ?, ?, ?)", (to_ms(now), schedule.seed, rules))
        self._schedule, self._owner = schedule, _named(now)
        self._calls.clear()

    def hits_on_push(self, number: int, waybill: str, now: datetime, *places: str) -> list[FaultRule]:
        """The faults that hit the report of something that happened to a parcel."""
        return self._hits("push", number, waybill, now, places)

    def hits_on_journey(self, number: int, waybill: str, now: datetime, *places: str) -> list[FaultRule]:
        """The accidents of a parcel that travels by itself."""
        return self._hits("journey", number, waybill, now, places)

    def hits_on_call(self, now: datetime, *places: str) -> list[FaultRule]:
        """The faults that hit one call of the merchant."""
        self._calls[places[0]] += 1
        return self._hits("call", self._calls[places[0]], f"call {self._calls[places[0]]}", now, places)

    def _hits(self, what: Subject, case: int, subject: str, now: datetime, places: tuple[str, ...]) -> list[FaultRule]:
        hits = []
        for rule in self._schedule.rules:
            if rule.subject != what or not rule.happens_on(*places):
                continue
            if not (rule.chosen(self._schedule.seed, case) and self._within_limit(rule)):
                continue
            self._db.execute(
                "INSERT INTO injected (at, owner, rule, hit_on, subject) VALUES (?, ?, ?, ?, ?)",
                (to_ms(now), self._owner, rule.text(), "/".join(places), subject),
            )
            hits.append(rule)
        return hits

    def _within_limit(self, rule: FaultRule) -> bool:
        if rule.limit is None:
            return True
        row = self._db.execute(
            "SELECT count(*) FROM injected WHERE owner = ? AND rule = ?", (self._owner, rule.text())
        ).fetchone()
        return int(row[0]) < rule.limit

    def report(self) -> dict[str, Any]:
        """The schedule, how often each rule hit, and the latest hits, newest first."""
        counts = self._db.execute("SELECT rule, hit_on, count(*) FROM injected GROUP BY rule, hit_on ORDER BY 1, 2")
        latest = self._db.execute(
            "SELECT at, rule, hit_on, subject FROM injected ORDER BY number DESC LIMIT ?", (_SHOWN,)
        )
        return {
            "schedule": self._schedule.model_dump(),
            "counts": [{"rule": row[0], "on": row[1], "hits": row[2]} for row in counts],
            "injected": [
                {"at": from_ms(row[0]).isoformat(), "rule": row[1], "on": row[2], "subject": row[3]} for row in latest
            ],
        }


def _named(set_at: datetime) -> str:
    return f"schedule set at {set_at.isoformat()}"
