"""What orders and refunds do to points, inside the caller's transaction on database `promotions`.

Each function locks the buyer's account before anything else of points, and takes no lock that is not of points. A caller that
locks coupons as well takes them in one order everywhere: coupons first, points after them.

Where points go back to: the lots they came from, what was taken last first. What would go back to a lot that has expired
meanwhile comes back in a new lot that lives `RETURNED_LIVE` longer, so that nobody loses points to an order that failed.
"""

from datetime import timedelta

from asyncpg import Record

from hanse.database import Connection
from models.points.rules import due_back
from models.points.types import EntryKind
from models.promotions.errors import BenefitsConflict, BenefitsReturned
from models.shared import Instant, Money
from models.shared.ids import OrderId, RefundId, UserId
from models.shared.refusals import InvalidRequest
from stores.points.book import Book, Line, known_entry, open_book

RETURNED_LIVE = timedelta(days=30)
"""How long points live that came back after their lot had expired."""


async def spend(tx: Connection, user_id: UserId, order_id: OrderId, points: int, at: Instant) -> None:
    """Take the points of an order out of the buyer's lots, from the one that expires first, and remember from which.

    Idempotent by order id. Zero points are nothing. Refusals: `PointsNotEnough` with the balance; `BenefitsConflict` if the
    order spent another number, or for another buyer; `BenefitsReturned` if what it spent was given back already.
    """
    if points < 0:
        raise InvalidRequest(f"An order cannot spend {points} points; name how many, or none.")
    if points == 0:
        return
    book = await open_book(tx, user_id, order_id, at)
    known = await tx.fetchrow("SELECT * FROM points_spends WHERE order_id = $1", order_id)
    if known is not None:
        _same_or_refuse(known, user_id, points)
        return
    taken = await book.take(points)
    await book.write(Line(kind=EntryKind.SPENT, delta=-points, reference=order_id, order_id=order_id))
    await tx.execute(
        "INSERT INTO points_spends (order_id, user_id, points, returned, at) VALUES ($1, $2, $3, 0, $4)",
        *(order_id, user_id, points, at),
    )
    await tx.executemany(
        "INSERT INTO points_spend_lots (order_id, lot_id, points, returned) VALUES ($1, $2, $3, 0)",
        [(order_id, lot_id, part) for lot_id, part in taken],
    )


async def return_spent(tx: Connection, order_id: OrderId, at: Instant) -> int:
    """Give back everything the order spent that has not come back yet; says how many points.

    Exactly once however often it is called: a repeat answers what the first one gave. Zero if the order spent nothing.
    """
    return await _give_back_once(tx, order_id, at)


async def return_part(tx: Connection, order_id: OrderId, refund_id: RefundId, points: int, at: Instant) -> int:
    """Give back a part of what the order spent, never more than is still spent; says how many points.

    Idempotent by refund id: a repeat answers what the first one gave. Zero if the order spent nothing.
    """
    if points < 0:
        raise InvalidRequest(f"A refund cannot return {points} points; name how many, or none.")
    return await _give_back_once(tx, order_id, at, refund_id, points)


async def _give_back_once(
    tx: Connection, order_id: OrderId, at: Instant, refund_id: RefundId | None = None, at_most: int | None = None
) -> int:
    found = await _book_of_spend(tx, order_id, at)
    if found is None:
        return 0
    book, spent = found
    reference = refund_id or order_id
    known = await known_entry(tx, EntryKind.RETURNED, reference)
    if known is not None:
        return known.delta
    left: int = spent["points"] - spent["returned"]
    line = Line(
        kind=EntryKind.RETURNED,
        delta=left if at_most is None else min(at_most, left),
        reference=reference,
        order_id=order_id,
        refund_id=refund_id,
    )
    return await _give_back(tx, book, line)


async def claw_back(
    tx: Connection, order_id: OrderId, refund_id: RefundId, refunded: Money, whole: bool, at: Instant
) -> int:
    """Take back what was earned on the money that went back; says how many points could not be taken.

    What is due is earned × refunded so far ÷ paid, rounded down, and all that was earned once nothing is left of the order
    (`whole`). It is taken as far as the balance has it, from the lot of this order first, and never makes it negative; what
    is missing stands in the entry's `why`, and a later refund of the same order takes it if the balance has it by then.

    Idempotent by refund id. An order that has earned nothing yet will earn on what is left of its payment after this refund,
    so it does not matter which of the award and the refund comes first.
    """
    owner = await _who_earned(tx, order_id)
    if owner is None:
        await hold_award(tx, order_id)
        owner = await _who_earned(tx, order_id)
    book = await open_book(tx, owner, order_id, at) if owner else None
    known = await _note_refund(tx, order_id, refund_id, refunded, whole, at)
    if known is not None:
        return known
    return await _take_back(tx, book, order_id, refund_id, refunded, whole) if book else 0


async def hold_award(tx: Connection, order_id: OrderId) -> None:
    """Keep the order's award and its first refunds from passing each other unseen, until the transaction ends.

    Taken after the account by who awards, and by who settles a refund only while there is no award to be seen. So nobody who
    waits for the account, because there is an award, is waited for here: under the account's lock it would have been seen.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('points_awards/' || $1, 0))", order_id)


def _same_or_refuse(known: Record, user_id: UserId, points: int) -> None:
    if known["user_id"] != user_id or known["points"] != points:
        raise BenefitsConflict(
            f"Order {known['order_id']} spent {known['points']} points already, not {points}. Give them back first."
        )
    if known["returned"]:
        raise BenefitsReturned(
            f"The points of order {known['order_id']} were given back. Start a new order to spend them."
        )


async def _book_of_spend(tx: Connection, order_id: OrderId, at: Instant) -> tuple[Book, Record] | None:
    user_id = await tx.fetchval("SELECT user_id FROM points_spends WHERE order_id = $1", order_id)
    if user_id is None:
        return None
    book = await open_book(tx, UserId(user_id), order_id, at)
    spent = await tx.fetchrow("SELECT points, returned FROM points_spends WHERE order_id = $1", order_id)
    if spent is None:
        raise LookupError(f"the spend of {order_id} is gone; rows of points_spends are never deleted")
    return book, spent


async def _give_back(tx: Connection, book: Book, line: Line) -> int:
    if line.delta == 0:
        return 0
    parts = await _back_to_lots(tx, line, book.at)
    entry = await book.write(line)
    homeless = sum(part for _, part, expired in parts if expired)
    if homeless:
        await book.open_lot(entry, homeless, book.at + RETURNED_LIVE)
    await tx.execute("UPDATE points_spends SET returned = returned + $2 WHERE order_id = $1", line.order_id, line.delta)
    return line.delta


async def _back_to_lots(tx: Connection, line: Line, at: Instant) -> list[tuple[int, int, bool]]:
    """Fill lots up again, the one taken from last first; says which lot, how many, and whether it has expired."""
    rows = await tx.fetch(
        """
        SELECT lot_id, s.points - s.returned AS out, l.expires_at <= $2 AS expired
        FROM points_spend_lots s JOIN points_lots l USING (lot_id)
        WHERE s.order_id = $1 AND s.points > s.returned ORDER BY l.expires_at DESC, lot_id DESC
        """,
        *(line.order_id, at),
    )
    parts: list[tuple[int, int, bool]] = []
    left = line.delta
    for row in rows:
        part = min(left, row["out"])
        if part:
            parts.append((row["lot_id"], part, row["expired"]))
        left -= part
    await tx.executemany(
        "UPDATE points_spend_lots SET returned = returned + $3 WHERE order_id = $1 AND lot_id = $2",
        [(line.order_id, lot_id, part) for lot_id, part, _ in parts],
    )
    await tx.executemany(
        "UPDATE points_lots SET remaining = remaining + $2 WHERE lot_id = $1",
        [(lot_id, part) for lot_id, part, expired in parts if not expired],
    )
    return parts


async def _who_earned(tx: Connection, order_id: OrderId) -> UserId | None:
    user_id = await tx.fetchval("SELECT user_id FROM points_awards WHERE order_id = $1", order_id)
    return UserId(user_id) if user_id else None


async def _note_refund(
    tx: Connection, order_id: OrderId, refund_id: RefundId, refunded: Money, whole: bool, at: Instant
) -> int | None:
    """Write the refund down; what was missing the first time if it is known already."""
    added = await tx.execute(
        """
        INSERT INTO points_refunds (refund_id, order_id, refunded_minor, currency, whole, taken, missing, at)
        VALUES ($1, $2, $3, $4, $5, 0, 0, $6) ON CONFLICT DO NOTHING
        """,
        *(refund_id, order_id, refunded.minor, refunded.currency, whole, at),
    )
    if added == "INSERT 0 1":
        return None
    missing: int = await tx.fetchval("SELECT missing FROM points_refunds WHERE refund_id = $1", refund_id)
    return missing


async def _take_back(
    tx: Connection, book: Book, order_id: OrderId, refund_id: RefundId, refunded: Money, whole: bool
) -> int:
    award = await tx.fetchrow(
        """
        UPDATE points_awards a SET refunded_minor = refunded_minor + $2 WHERE order_id = $1
        RETURNING a.*, (SELECT entry_id FROM points_entries WHERE kind = 'earned' AND reference = $1) AS earned_by
        """,
        *(order_id, refunded.minor),
    )
    if award is None:
        raise LookupError(f"the award of {order_id} is gone; rows of points_awards are never deleted")
    paid = Money(minor=award["paid_minor"], currency=award["currency"])
    so_far = Money(minor=award["refunded_minor"] - refunded.minor, currency=award["currency"]) + refunded
    due: int = due_back(award["points"], paid, so_far, whole) - award["clawed"]
    if due <= 0:
        return 0
    taken = min(due, book.balance)
    missing = due - taken
    await book.take(taken, first=award["earned_by"])
    await book.write(
        Line(
            kind=EntryKind.CLAWED_BACK,
            delta=-taken,
            reference=refund_id,
            order_id=order_id,
            refund_id=refund_id,
            why=f"{missing} of {due} points could not be taken: they were spent" if missing else "",
        )
    )
    await tx.execute("UPDATE points_awards SET clawed = clawed + $2 WHERE order_id = $1", order_id, taken)
    await tx.execute(
        "UPDATE points_refunds SET taken = $2, missing = $3 WHERE refund_id = $1", refund_id, taken, missing
    )
    return missing
