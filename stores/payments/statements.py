"""What channels say they moved, kept as they said it: statements and their lines."""

from collections.abc import AsyncIterator
from datetime import date, datetime

from hanse.database import Connection, Database
from models.payments.reconciliation import StatementRepeats, StatementState, StatementTaken
from stores.payments.rows import Row, sole_row

_LINES_TAKE = 600.0
"""Seconds that a million lines may take; the pool's limit is meant for one row."""
_COLUMNS = (
    "statement",
    "line",
    "kind",
    "transaction_id",
    "merchant_id",
    "channel_reference",
    "amount_minor",
    "currency",
    "occurred_at",
)
Line = tuple[int, str, str, str, str, int, str, datetime]
"""`_COLUMNS` without the first."""


class Statements:
    """Statements of channels. Append-only by triggers; one channel's are written one after another."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def statement_known(self, channel: str, day: date, digest: str) -> StatementTaken | None:
        """The statement with this content, if it was kept before."""
        async with self._db.reader() as connection:
            return await _known(connection, channel, day, digest)

    async def keep_statement(
        self,
        channel: str,
        day: date,
        span: tuple[datetime, datetime],
        digest: str,
        lines: AsyncIterator[Line],
        now: datetime,
    ) -> StatementTaken:
        """Keep a statement whole or not at all, in bounded memory: the lines stream into the table as they come, and whatever
        `lines` raises leaves nothing behind. Idempotent by (channel, day, digest); other content for the same day is its next
        revision. `StatementRepeats` when a movement stands in it twice. `span` is when the day began and ended."""
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx, channel)
            known = await _known(tx, channel, day, digest)
            if known is not None:
                return known
            number: int = await tx.fetchval("SELECT nextval(pg_get_serial_sequence('statements', 'number'))")
            counted = _Counted(number, lines)
            await tx.copy_records_to_table(
                "statement_lines", records=counted.records(), columns=_COLUMNS, timeout=_LINES_TAKE
            )
            # Or the planner takes the new lines for a handful, and compares them with our attempts by a loop in a loop.
            await tx.execute("ANALYZE statement_lines", timeout=_LINES_TAKE)
            await _refuse_repeats(tx, number)
            return await _insert(tx, number, channel, day, span, digest, "accepted", counted.count, now)

    async def refuse_statement(
        self,
        channel: str,
        day: date,
        span: tuple[datetime, datetime],
        digest: str,
        why: str,
        line: int | None,
        now: datetime,
    ) -> StatementTaken:
        """Keep that a statement came which cannot be believed, with its failed report, and nothing of what it says.
        Idempotent by (channel, day, digest)."""
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx, channel)
            known = await _known(tx, channel, day, digest)
            if known is not None:
                return known
            number: int = await tx.fetchval("SELECT nextval(pg_get_serial_sequence('statements', 'number'))")
            taken = await _insert(tx, number, channel, day, span, digest, "refused", 0, now)
            await tx.execute(
                """
                INSERT INTO reconciliations (statement, outcome, failure, failure_line, judged_from, judged_until, totals,
                                             fees, differences, repairs, made_at)
                VALUES ($1, 'failed', $2, $3, $4, $4, $5, $5, 0, 0, $6)
                """,
                *(number, why[:1000], line, span[0], [], now),
            )
            return taken.model_copy(update={"refusal": why})


class _Counted:
    """Lines on their way into a table, counted."""

    def __init__(self, statement: int, lines: AsyncIterator[Line]) -> None:
        self._statement = statement
        self._lines = lines
        self.count = 0

    async def records(self) -> AsyncIterator[tuple[int, int, str, str, str, str, int, str, datetime]]:
        """As COPY takes them."""
        async for line in self._lines:
            self.count += 1
            yield (self._statement, *line)


async def _one_at_a_time(tx: Connection, channel: str) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('statements ' || $1, 0))", channel, timeout=120)


async def _known(connection: Connection, channel: str, day: date, digest: str) -> StatementTaken | None:
    row = await connection.fetchrow(
        """
        SELECT s.*, r.failure FROM statements s LEFT JOIN reconciliations r ON r.statement = s.number
        WHERE s.channel = $1 AND s.day = $2 AND s.digest = $3
        """,
        *(channel, day, digest),
    )
    return None if row is None else _to_taken(row, row["failure"])


async def _refuse_repeats(tx: Connection, number: int) -> None:
    """A fee may stand beside its payment and, as what is given back of it, beside a refund of the same day."""
    row = await tx.fetchrow(
        """
        SELECT kind, transaction_id, max(line) AS line FROM statement_lines WHERE statement = $1 AND kind <> 'fee'
        GROUP BY kind, transaction_id HAVING count(*) > 1 ORDER BY max(line) LIMIT 1
        """,
        number,
        timeout=_LINES_TAKE,
    )
    if row is not None:
        raise StatementRepeats(row["line"], f"{row['kind']} {row['transaction_id']}")


async def _insert(
    tx: Connection,
    number: int,
    channel: str,
    day: date,
    span: tuple[datetime, datetime],
    digest: str,
    state: str,
    lines: int,
    now: datetime,
) -> StatementTaken:
    row = await sole_row(
        tx,
        """
        INSERT INTO statements (number, channel, day, revision, digest, state, lines, begins, ends, fetched_at)
        OVERRIDING SYSTEM VALUE
        SELECT $1, $2, $3, coalesce(max(revision), 0) + 1, $4, $5, $6, $7, $8, $9
        FROM statements WHERE channel = $2 AND day = $3 RETURNING *
        """,
        *(number, channel, day, digest, state, lines, *span, now),
    )
    return _to_taken(row, None)


def _to_taken(row: Row, refusal: str | None) -> StatementTaken:
    return StatementTaken(
        state=StatementState(row["state"]),
        number=row["number"],
        revision=row["revision"],
        lines=row["lines"],
        refusal=refusal,
    )
