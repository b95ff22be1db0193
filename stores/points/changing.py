"""How points come to be and end, where nothing else changes with them; orders spend them in `spending`."""

from datetime import timedelta

from hanse.database import Connection
from models.points.errors import PointsKeyReused
from models.points.messages import AdjustPoints
from models.points.rules import earned_for
from models.points.types import EntryKind, PointsEntry, PointsTerms
from models.promotions.messages import AwardPoints
from models.shared import Instant, Money
from models.shared.ids import OrderId, UserId
from models.shared.refusals import InvalidRequest
from stores.points.book import Book, Line, entries_of, known_entry, open_book
from stores.points.room import Room
from stores.points.spending import hold_award


class Changing(Room):
    """Each is one transaction that locks the buyer's account first."""

    async def award_once(self, ask: AwardPoints, terms: PointsTerms) -> tuple[PointsEntry, ...]:
        """The order earns its points, in a lot that lives `terms.valid_days`; answers the lines that were written.

        `ask.paid` is what was paid in all: refunds that were settled before (`claw_back`) are subtracted here, and those that
        come later take points back, so it does not matter which comes first. Nothing is earned once nothing is left of the
        order. Idempotent by order id: a repeat, whatever it says, answers the lines of the first.
        """
        occasion = f"award/{ask.order_id}"
        async with self._db.transaction() as tx:
            book = await open_book(tx, ask.user_id, occasion, ask.at)
            if not await _is_awarded(tx, ask.order_id):
                await hold_award(tx, ask.order_id)
                points = await _award(tx, ask, terms)
                if points:
                    line = Line(kind=EntryKind.EARNED, delta=points, reference=ask.order_id, order_id=ask.order_id)
                    await _earn(book, line, terms)
            return await entries_of(tx, occasion)

    async def adjust(self, ask: AdjustPoints, terms: PointsTerms) -> tuple[PointsEntry, ...]:
        """An operator's word: points given live `terms.valid_days`; points taken go from the lot that expires first. Answers the
        lines that were written, what expired in passing among them.

        Idempotent by key. Refusals: `PointsNotEnough` with the balance, `PointsKeyReused` if the key did something else.
        """
        if ask.delta == 0:
            raise InvalidRequest("An adjustment by 0 points changes nothing; name how many points more or fewer.")
        occasion = f"adjustment/{ask.key}"
        async with self._db.transaction() as tx:
            book = await open_book(tx, ask.user_id, occasion, ask.at)
            known = await known_entry(tx, EntryKind.ADJUSTED, ask.key)
            if known is None:
                line = Line(kind=EntryKind.ADJUSTED, delta=ask.delta, reference=ask.key, actor=ask.actor, why=ask.why)
                await _adjust(book, line, terms)
            elif (known.user_id, known.delta, known.why) != (ask.user_id, ask.delta, ask.why):
                raise PointsKeyReused("This key carried out another adjustment. Use a new one.")
            return await entries_of(tx, occasion)

    async def expire_due(self, at: Instant, batch: int, limit: int) -> tuple[PointsEntry, ...]:
        """Write off lots that expired until `at`, about `limit` of them, and answer the lines; none when nothing is due.

        One transaction, which locks the accounts in the order of their ids. Idempotent by `at` and `batch`: a repeat writes
        nothing and answers the lines of the first, so that they can be announced although the first answer was lost.
        """
        occasion = f"expiry/{at.isoformat()}/{batch}"
        async with self._db.transaction() as tx:
            while not (written := await entries_of(tx, occasion)):
                due = await _whose_points_are_due(tx, at, limit)
                if not due:
                    break
                for user_id in due:  # someone may have written them off meanwhile: then look again
                    await open_book(tx, user_id, occasion, at)
            return written


async def _is_awarded(tx: Connection, order_id: OrderId) -> bool:
    found: bool = await tx.fetchval("SELECT EXISTS (SELECT FROM points_awards WHERE order_id = $1)", order_id)
    return found


async def _award(tx: Connection, ask: AwardPoints, terms: PointsTerms) -> int:
    """Write the award down; how many points it is."""
    before = await tx.fetchrow(
        """
        SELECT coalesce(sum(refunded_minor), 0)::bigint AS refunded, coalesce(bool_or(whole), false) AS whole
        FROM points_refunds WHERE order_id = $1
        """,
        ask.order_id,
    )
    kept = 0 if before is None or before["whole"] else max(0, ask.paid.minor - before["refunded"])
    points = earned_for(Money(minor=kept, currency=ask.paid.currency), terms)
    await tx.execute(
        """
        INSERT INTO points_awards (order_id, user_id, paid_minor, currency, points, refunded_minor, clawed, at)
        VALUES ($1, $2, $3, $4, $5, 0, 0, $6)
        """,
        *(ask.order_id, ask.user_id, kept, ask.paid.currency, points, ask.at),
    )
    return points


async def _earn(book: Book, line: Line, terms: PointsTerms) -> None:
    entry = await book.write(line)
    await book.open_lot(entry, line.delta, book.at + timedelta(days=terms.valid_days))


async def _adjust(book: Book, line: Line, terms: PointsTerms) -> None:
    if line.delta > 0:
        await _earn(book, line, terms)
    else:
        await book.take(-line.delta)
        await book.write(line)


async def _whose_points_are_due(tx: Connection, at: Instant, limit: int) -> list[UserId]:
    rows = await tx.fetch(
        """
        SELECT DISTINCT user_id FROM (
            SELECT user_id FROM points_lots WHERE remaining > 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2
        ) due ORDER BY user_id
        """,
        *(at, limit),
    )
    return [UserId(row["user_id"]) for row in rows]
