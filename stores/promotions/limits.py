"""Purchase limits: kept by operators, asked by quotes, counted by orders.

What counts is decided for one buyer at a time, under a lock of that buyer; buyers never wait for each other.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from asyncpg import Record

from hanse.database import Connection
from models.promotions.errors import BenefitsConflict, BenefitsReturned, PurchaseLimitReached
from models.promotions.limits import LeftToBuy, PurchaseLimit, PurchaseLimitTerms
from models.promotions.messages import CountedLine, CountPurchases, UncountPurchases
from models.promotions.scoping import in_scope
from models.promotions.terms import check_window
from models.promotions.types import OfferLine
from models.shared.ids import OrderId, PurchaseLimitId, SkuId, UserId
from models.shared.refusals import NotFound
from stores.promotions.versioned import Versioned, common_fields

_IN_FORCE = """
    SELECT l.* FROM purchase_limits l LEFT JOIN campaigns c USING (campaign_id)
    WHERE l.status = 'active' AND l.ends_at > $1 AND l.starts_at <= $1
      AND (l.campaign_id IS NULL OR (c.status = 'active' AND c.starts_at <= $1 AND c.ends_at > $1))
"""
_Wish = tuple[PurchaseLimit, SkuId | None, int]
"""A limit, the SKU it counts (None: all in its scope), and how many are asked for."""


class PurchaseLimitStore(Versioned[PurchaseLimitId, PurchaseLimitTerms, PurchaseLimit]):
    """Everything the database promises of purchase limits; built with `PurchaseLimitStore(database)`."""

    table = "purchase_limits"
    history = "purchase_limit_versions"
    key = "limit_id"
    noun = "purchase limit"
    _reads = PurchaseLimitTerms

    async def in_force(self, at: datetime) -> list[PurchaseLimit]:
        """The limits that count at `at`, by their ids; which lines each looks at its scope says."""
        async with self._db.reader() as connection:
            return await _in_force(connection, at)

    async def left_for(self, user_id: UserId | None, lines: Sequence[OfferLine], at: datetime) -> tuple[LeftToBuy, ...]:
        """What this buyer may still buy of these lines, under each limit in force that looks at one of them.

        A look, not a promise: another order of the same buyer may count first. A visitor has bought nothing yet.
        """
        async with self._db.reader() as connection:
            limits = await _in_force(connection, at)
            wishes = _wishes(
                limits,
                [
                    (line.sku_id, line.quantity, [one.limit_id for one in limits if in_scope(one.terms.scope, line)])
                    for line in lines
                ],
            )
            return await _left(connection, user_id, wishes, at)

    async def count_purchases(self, ask: CountPurchases) -> None:
        """Count every line against the limits it names, all or nothing; limits that are not in force at `ask.at` are passed over.

        A buyer never gets above a limit, however many orders ask at once: they are decided one after another under a lock of
        this buyer. Idempotent by the order id; other lines for the same order are refused (`BenefitsConflict`), and so is a
        count that comes after its uncount (`BenefitsReturned`). Refuses with `PurchaseLimitReached`: `limits` has each limit
        that is passed, with how many are left. `NotFound` for a limit that never was. A refusal counts nothing.
        """
        async with self._db.transaction() as tx:
            await _lock_buyer(tx, ask.user_id)
            fresh = await tx.fetchval(
                "INSERT INTO counted_orders (order_id, state, asked, changed_at) VALUES ($1, 'counted', $2, $3) "
                "ON CONFLICT (order_id) DO NOTHING RETURNING true",
                ask.order_id,
                _digest(ask),
                ask.at,
            )
            if fresh is None:
                return await _refuse_unless_the_same(tx, ask)
            limits = await _named(tx, ask.lines, ask.at)
            lines = [(line.sku_id, line.quantity, line.limits) for line in ask.lines]
            passed = [
                left for left in await _left(tx, ask.user_id, _wishes(limits, lines), ask.at) if not left.is_enough
            ]
            if passed:
                raise _reached(passed)
            await _count(tx, ask, {limit.limit_id: limit.version for limit in limits})
        return None

    async def uncount_purchases(self, ask: UncountPurchases) -> None:
        """Give back what was counted for the order; nothing if nothing was.

        Idempotent by the order id. It is remembered also when nothing was counted, so that a count that arrives later is refused.
        """
        async with self._db.transaction() as tx:
            given_back = await tx.fetchval(
                """
                INSERT INTO counted_orders AS o (order_id, state, changed_at) VALUES ($1, 'returned', $2)
                ON CONFLICT (order_id) DO UPDATE SET state = 'returned', changed_at = $2 WHERE o.state = 'counted'
                RETURNING true
                """,
                ask.order_id,
                ask.at,
            )
            if given_back:
                await tx.execute(
                    "UPDATE purchase_counts SET returned_at = $2 WHERE order_id = $1", ask.order_id, ask.at
                )

    def _check(self, terms: PurchaseLimitTerms) -> None:
        check_window(terms.starts_at, terms.ends_at)

    def _repeated(self, terms: PurchaseLimitTerms) -> Mapping[str, object]:
        return {"starts_at": terms.starts_at, "ends_at": terms.ends_at, "campaign_id": terms.campaign_id}

    def _kept(self, row: Record) -> PurchaseLimit:
        return _limit(row)


def _limit(row: Record) -> PurchaseLimit:
    return PurchaseLimit(
        limit_id=PurchaseLimitId(row["limit_id"]),
        terms=PurchaseLimitTerms.model_validate(row["terms"]),
        **common_fields(row),
    )


async def _in_force(connection: Connection, at: datetime) -> list[PurchaseLimit]:
    return [_limit(row) for row in await connection.fetch(f"{_IN_FORCE} ORDER BY l.limit_id", at)]


async def _named(tx: Connection, lines: Sequence[CountedLine], at: datetime) -> list[PurchaseLimit]:
    """The limits that these lines name and that are in force."""
    names = list(dict.fromkeys(limit_id for line in lines for limit_id in line.limits))
    known = await tx.fetchval("SELECT count(*) FROM purchase_limits WHERE limit_id = ANY($1)", names)
    if known < len(names):
        raise NotFound("One of the purchase limits that the order names does not exist. Ask for the price again.")
    rows = await tx.fetch(f"{_IN_FORCE} AND l.limit_id = ANY($2) ORDER BY l.limit_id", at, names)
    return [_limit(row) for row in rows]


def _wishes(
    limits: Sequence[PurchaseLimit], lines: Sequence[tuple[SkuId, int, Sequence[PurchaseLimitId]]]
) -> list[_Wish]:
    """What is asked of each limit: per SKU, or of all in its scope together."""
    asked: dict[tuple[PurchaseLimitId, SkuId | None], int] = defaultdict(int)
    by_id = {limit.limit_id: limit for limit in limits}
    for sku_id, quantity, names in lines:
        for limit_id in names:
            if limit_id in by_id:
                asked[limit_id, sku_id if by_id[limit_id].terms.each_sku else None] += quantity
    return [(by_id[limit_id], sku_id, quantity) for (limit_id, sku_id), quantity in asked.items()]


async def _left(
    connection: Connection, user_id: UserId | None, wishes: Sequence[_Wish], at: datetime
) -> tuple[LeftToBuy, ...]:
    if not wishes:
        return ()
    bought = await connection.fetch(
        """
        SELECT w.place, coalesce(sum(c.quantity), 0)::bigint AS bought
        FROM unnest($2::int[], $3::text[], $4::text[], $5::timestamptz[]) AS w (place, limit_id, sku_id, since)
        LEFT JOIN purchase_counts c ON c.user_id = $1 AND c.limit_id = w.limit_id AND c.returned_at IS NULL
            AND c.counted_at >= w.since AND (w.sku_id IS NULL OR c.sku_id = w.sku_id)
        GROUP BY w.place ORDER BY w.place
        """,
        user_id,
        list(range(len(wishes))),
        [limit.limit_id for limit, _, _ in wishes],
        [sku_id for _, sku_id, _ in wishes],
        [_since(limit.terms, at) for limit, _, _ in wishes],
    )
    return tuple(
        LeftToBuy(
            limit_id=limit.limit_id,
            label=limit.terms.label,
            sku_id=sku_id,
            most=limit.terms.quantity,
            left=max(0, limit.terms.quantity - row["bought"]),
            asked=asked,
        )
        for (limit, sku_id, asked), row in zip(wishes, bought, strict=True)
    )


def _since(terms: PurchaseLimitTerms, at: datetime) -> datetime:
    """From when on purchases count: the start, or so many days ago, whichever is later."""
    if terms.window_days is None:
        return terms.starts_at
    return max(terms.starts_at, at - timedelta(days=terms.window_days))


def _reached(passed: Sequence[LeftToBuy]) -> PurchaseLimitReached:
    told = "; ".join(f"{left.label}: {left.asked} asked, {left.left} of {left.most} left" for left in passed)
    limits = [left.model_dump(mode="json") for left in passed]
    return PurchaseLimitReached(f"You cannot buy so many ({told}). Take fewer.", limits=limits)


async def _lock_buyer(tx: Connection, user_id: UserId) -> None:
    """Until the transaction ends. Two buyers whose ids meet in 64 bits wait for each other, nothing worse."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4811002))", user_id)


async def _count(tx: Connection, ask: CountPurchases, versions: Mapping[PurchaseLimitId, int]) -> None:
    units: dict[tuple[PurchaseLimitId, SkuId], int] = defaultdict(int)
    for line in ask.lines:
        for limit_id in line.limits:
            if limit_id in versions:
                units[limit_id, line.sku_id] += line.quantity
    await tx.executemany(
        """
        INSERT INTO purchase_counts (order_id, limit_id, version, sku_id, user_id, quantity, counted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (ask.order_id, limit_id, versions[limit_id], sku_id, ask.user_id, quantity, ask.at)
            for (limit_id, sku_id), quantity in units.items()
        ],
    )


async def _refuse_unless_the_same(tx: Connection, ask: CountPurchases) -> None:
    known = await tx.fetchrow("SELECT state, asked FROM counted_orders WHERE order_id = $1", ask.order_id)
    assert known is not None
    if known["state"] == "returned":
        raise BenefitsReturned(
            f"What order {ask.order_id} counted was given back. Place a new order.", order_id=ask.order_id
        )
    if known["asked"] != _digest(ask):
        raise _conflict(ask.order_id)


def _conflict(order_id: OrderId) -> BenefitsConflict:
    return BenefitsConflict(
        f"Order {order_id} already counts other goods. Give them back and place a new order.", order_id=order_id
    )


def _digest(ask: CountPurchases) -> bytes:
    """The same for the same wish of the same buyer, in whatever order its lines came."""
    lines = sorted(f"{line.sku_id}\x1f{line.quantity}\x1f{','.join(sorted(line.limits))}" for line in ask.lines)
    return hashlib.sha256("\x1e".join([ask.user_id, *lines]).encode()).digest()
