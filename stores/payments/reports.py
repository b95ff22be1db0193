"""Reports of reconciliations and their differences, read page by page; and which repairs were done."""

from datetime import date, datetime
from typing import Any

from hanse.database import Connection, Database
from models.payments.reconciliation import Difference, Report
from models.shared import Money
from models.shared.refusals import NotFound
from stores.payments.rows import Row

_REPORTS = """
    SELECT s.number, s.channel, s.day, s.revision, s.digest, s.lines, r.outcome, r.failure, r.failure_line, r.judged_from,
           r.judged_until, r.totals, r.fees, r.differences, r.repairs, r.made_at
    FROM reconciliations r JOIN statements s ON s.number = r.statement
"""
_DIFFERENCES = """
    SELECT d.*, p.done_at AS repaired_at FROM reconciliation_differences d LEFT JOIN reconciliation_repairs p USING (report, number)
"""


class Reports:
    """What came of reconciliations. Reports never change; that a repair was done is a row of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconciliation(self, number: int) -> Report:
        """One report. `NotFound`."""
        async with self._db.reader() as connection:
            return await read_report(connection, number)

    async def reconciliations(
        self, *, limit: int, before: int | None = None, channel: str | None = None, day: date | None = None
    ) -> tuple[Report, ...]:
        """At most `limit` reports, newest first, older than report `before`; of one channel or day, or all."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                {_REPORTS} WHERE ($1::bigint IS NULL OR s.number < $1) AND ($2::text IS NULL OR s.channel = $2)
                  AND ($3::date IS NULL OR s.day = $3)
                ORDER BY s.number DESC LIMIT $4
                """,
                *(before, channel, day, limit),
            )
        return tuple(map(_to_report, rows))

    async def differences(self, report: int, *, limit: int, after: int | None = None) -> tuple[Difference, ...]:
        """At most `limit` differences of a report, in the order of the statement's lines, after difference `after`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"{_DIFFERENCES} WHERE d.report = $1 AND d.number > $2 ORDER BY d.number LIMIT $3",
                *(report, after or 0, limit),
            )
        return tuple(map(_to_difference, rows))

    async def repairs_due(self, report: int, *, limit: int) -> tuple[Difference, ...]:
        """Differences of a report that are to be repaired and were not, in order."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                {_DIFFERENCES} WHERE d.report = $1 AND d.repair IS NOT NULL AND p.done_at IS NULL
                ORDER BY d.number LIMIT $2
                """,
                *(report, limit),
            )
        return tuple(map(_to_difference, rows))

    async def stated_fee(self, report: int, transaction_id: str) -> Money | None:
        """What the statement of a report says that the channel kept of a payment; None if it says nothing."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT currency, -sum(amount_minor)::bigint AS minor FROM statement_lines
                WHERE statement = $1 AND kind = 'fee' AND transaction_id = $2 GROUP BY currency
                """,
                *(report, transaction_id),
            )
        return Money(minor=rows[0]["minor"], currency=rows[0]["currency"]) if len(rows) == 1 else None

    async def mark_repaired(self, report: int, number: int, now: datetime) -> None:
        """The saga was told. Idempotent by (report, difference); the first time stays."""
        async with self._db.reader() as connection:
            await connection.execute(
                """
                INSERT INTO reconciliation_repairs (report, number, done_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
                """,
                *(report, number, now),
            )


async def read_report(connection: Connection, number: int) -> Report:
    """One report. `NotFound`."""
    row = await connection.fetchrow(f"{_REPORTS} WHERE s.number = $1", number)
    if row is None:
        raise NotFound(f"There is no reconciliation {number}.")
    return _to_report(row)


def _to_report(row: Row) -> Report:
    return Report.model_validate(dict(row))


def _to_difference(row: Row) -> Difference:
    values: dict[str, Any] = dict(row)
    amounts = {"ours": values.pop("ours_minor"), "theirs": values.pop("theirs_minor")}
    return Difference.model_validate(values | amounts)
