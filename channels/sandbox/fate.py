"""Which faults hit, here and now; every hit is written down and can be read at `GET /faults`."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic

from channels.sandbox.faults import RuleT, Schedule
from channels.sandbox.times import from_ms, to_ms

_SHOWN = 1000


class Fate(Generic[RuleT]):
    """Decides, by the schedule and a case's own rules, what goes wrong. Kept in the sandbox's file, so it survives."""

    def __init__(self, connection: sqlite3.Connection, schedule: type[Schedule[RuleT]]) -> None:
        """`schedule` is the sandbox's own kind, with its own kind of rules."""
        self._db = connection
        self._calls: Counter[str] = Counter()
        self._schedule = schedule()
        self._set_at: datetime | None = None
        row = connection.execute("SELECT * FROM schedule").fetchone()
        if row is not None:
            self._schedule = schedule.model_validate({"seed": row["seed"], "rules": json.loads(row["rules"])})
            self._set_at = from_ms(row["set_at"])

    def schedule_at(self, now: datetime) -> Schedule[RuleT]:
        """The schedule without the rules whose time is over."""
        in_force = [rule for rule in self._schedule.rules if self._in_force(rule, now)]
        return self._schedule.model_copy(update={"rules": in_force})

    def set_schedule(self, schedule: Schedule[RuleT], now: datetime) -> None:
        """Replace the schedule; counting calls and limits starts again."""
        rules = json.dumps([rule.model_dump() for rule in schedule.rules])
        self._db.execute("REPLACE INTO schedule VALUES (1, ?, ?, ?)", (to_ms(now), schedule.seed, rules))
        self._schedule, self._set_at = schedule, now
        self._calls.clear()

    def next_call(self, operation: str) -> int:
        """Which call of its kind this one is since the schedule was set or the server started, from 1."""
        self._calls[operation] += 1
        return self._calls[operation]

    def hits(
        self,
        place: str,
        case: int,
        subject: str,
        now: datetime,
        applies: Callable[[RuleT], bool],
        own: Sequence[RuleT] = (),
    ) -> list[RuleT]:
        """The faults, among those that apply, that hit the case of this number; `own` are rules of the subject itself."""
        scheduled = f"schedule set at {self._set_at.isoformat()}" if self._set_at else "schedule"
        found = [(f"own rules of {subject}", rule) for rule in own]
        found += [(scheduled, rule) for rule in self.schedule_at(now).rules]
        hits = []
        for owner, rule in found:
            if applies(rule) and rule.chosen(self._schedule.seed, case) and self._within_limit(owner, rule):
                self._db.execute(
                    "INSERT INTO injected (at, owner, rule, hit_on, subject) VALUES (?, ?, ?, ?, ?)",
                    (to_ms(now), owner, rule.text(), place, subject),
                )
                hits.append(rule)
        return hits

    def _in_force(self, rule: RuleT, now: datetime) -> bool:
        if rule.for_seconds is None or self._set_at is None:
            return True
        return now < self._set_at + timedelta(seconds=rule.for_seconds)

    def _within_limit(self, owner: str, rule: RuleT) -> bool:
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
