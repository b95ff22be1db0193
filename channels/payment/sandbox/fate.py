"""Which faults hit, here and now; every hit is written down and can be read at `GET /faults`."""

import json
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from channels.payment.sandbox.faults import FaultRule, On, Schedule
from channels.payment.sandbox.store import from_ms, to_ms

_SHOWN = 1000


class Fate:
    """Decides, by the schedule and a payment's own rules, what goes wrong. Kept in the store's file, so it survives."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._calls: Counter[str] = Counter()
        self._schedule = Schedule()
        self._set_at: datetime | None = None
        row = connection.execute("SELECT * FROM schedule").fetchone()
        if row is not None:
            self._schedule = Schedule(seed=row["seed"], rules=json.loads(row["rules"]))
            self._set_at = from_ms(row["set_at"])

    @property
    def schedule(self) -> Schedule:
        """The rules in force for everybody."""
        return self._schedule

    def schedule_at(self, now: datetime) -> Schedule:
        """The schedule without the rules whose time is over."""
        return Schedule(
            seed=self._schedule.seed, rules=[rule for rule in self._schedule.rules if self._in_force(rule, now)]
        )

    def set_schedule(self, schedule: Schedule, now: datetime) -> None:
        """Replace the schedule; counting calls and limits starts again."""
        rules = json.dumps([rule.model_dump() for rule in schedule.rules])
        self._db.execute("REPLACE INTO schedule VALUES (1, ?, ?, ?)", (to_ms(now), schedule.seed, rules))
        self._schedule, self._set_at = schedule, now
        self._calls.clear()

    def hits_on_payment(
        self, place: On, number: int, attempt: str, own: list[FaultRule], now: datetime
    ) -> list[FaultRule]:
        """The faults that hit what happens to one payment. `own` are the payment's or the button's rules."""
        return self._hits(place, number, attempt, own, now, of_calls=False)

    def hits_on_call(self, place: On, attempt: str | None, own: list[FaultRule], now: datetime) -> list[FaultRule]:
        """The faults that hit one call of the merchant."""
        self._calls[place] += 1
        number = self._calls[place]
        return self._hits(place, number, attempt or f"{place}#{number}", own, now, of_calls=True)

    def _hits(
        self, place: On, ordinal: int, subject: str, own: list[FaultRule], now: datetime, *, of_calls: bool
    ) -> list[FaultRule]:
        owner = f"schedule set at {self._set_at.isoformat()}" if self._set_at else "schedule"
        found = [(f"payment {subject}", rule) for rule in own]
        found += [(owner, rule) for rule in self._schedule.rules if self._in_force(rule, now)]
        hits = []
        for who, rule in found:
            if rule.of_a_call != of_calls or not rule.happens_on(place):
                continue
            if not (rule.chosen(self._schedule.seed, ordinal) and self._within_limit(who, rule)):
                continue
            self._db.execute(
                "INSERT INTO injected (at, owner, rule, hit_on, subject) VALUES (?, ?, ?, ?, ?)",
                (to_ms(now), who, rule.text(), place, subject),
            )
            hits.append(rule)
        return hits

    def _in_force(self, rule: FaultRule, now: datetime) -> bool:
        if rule.for_seconds is None or self._set_at is None:
            return True
        return now < self._set_at + timedelta(seconds=rule.for_seconds)

    def _within_limit(self, owner: str, rule: FaultRule) -> bool:
        if rule.limit is None:
            return True
        row = self._db.execute(
            "SELECT count(*) FROM injected WHERE owner = ? AND rule = ?", (owner, rule.text())
        ).fetchone()
        return int(row[0]) < rule.limit

    def report(self) -> dict[str, Any]:
        """The schedule, how often each rule hit, and the latest hits, newest first."""
        counts = self._db.execute(
            "SELECT rule, hit_on, count(*) FROM injected GROUP BY rule, hit_on ORDER BY rule, hit_on"
        )
        latest = self._db.execute("SELECT * FROM injected ORDER BY number DESC LIMIT ?", (_SHOWN,))
        return {
            "schedule": self._schedule.model_dump(),
            "counts": [{"rule": row[0], "on": row[1], "hits": row[2]} for row in counts],
            "injected": [
                {
                    "at": from_ms(row["at"]).isoformat(),
                    "rule": row["rule"],
                    "on": row["hit_on"],
                    "subject": row["subject"],
                }
                for row in latest
            ],
        }
