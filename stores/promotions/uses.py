"""What orders take out of the budgets and limits of rules. Parts of a larger transaction (`benefits.py`), which commits.

Lock order: the order's row, then the rules' rows by id. The rules' rows are what crowds meet on, so the caller takes uses
after everything else.
"""

from collections.abc import Mapping, Sequence

from asyncpg import Record

from hanse.database import Connection
from models.promotions.errors import BenefitsConflict, BenefitsReturned, PromotionUsedUp
from models.promotions.messages import HoldBenefits, RuleUse
from models.shared import Instant
from models.shared.ids import OrderId, UserId
from models.shared.refusals import NotFound


async def take_uses(tx: Connection, ask: HoldBenefits) -> None:
    """Take each of `ask.uses` out of its rule's budget, total limit and limit per buyer, all of them or nothing.

    None of the three is ever exceeded, whoever asks at once. Idempotent by the order id: the same uses again do nothing,
    others are refused (`BenefitsConflict`), and after `return_uses` nothing is taken any more (`BenefitsReturned`). Refuses
    with `PromotionUsedUp` (`promotion_id` says which) and with `NotFound` for a rule or version that never was. A rule that
    was paused or revised since the quote still counts: what was promised is kept, only the newest budget and limits bind.
    """
    if not ask.uses:
        return None
    created = await tx.fetchval(
        "INSERT INTO orders_with_uses (order_id, state, changed_at) VALUES ($1, 'held', $2) "
        "ON CONFLICT (order_id) DO NOTHING RETURNING true",
        ask.order_id,
        ask.at,
    )
    if created is None:
        return await _refuse_unless_the_same(tx, ask)
    rules = await _lock_rules(tx, [use.promotion_id for use in ask.uses])
    by_buyer = await _uses_of_buyer(tx, rules, ask.user_id)
    for use in ask.uses:
        rule = rules.get(use.promotion_id)
        if rule is None or not 1 <= use.version <= rule["version"]:
            raise NotFound(f"There is no version {use.version} of promotion {use.promotion_id}.")
        _refuse_above_limits(rule, use, by_buyer.get(use.promotion_id, 0))
    await _write(tx, ask)
    return None


async def return_uses(tx: Connection, order_id: OrderId, at: Instant) -> None:
    """Give back all that the order took, whether redeemed or not; nothing if it took nothing.

    Idempotent by the order id. It is remembered also when nothing was taken, so that a take that arrives later is refused.
    """
    given_back = await tx.fetchval(
        """
        INSERT INTO orders_with_uses AS o (order_id, state, changed_at) VALUES ($1, 'returned', $2)
        ON CONFLICT (order_id) DO UPDATE SET state = 'returned', changed_at = $2 WHERE o.state <> 'returned'
        RETURNING true
        """,
        order_id,
        at,
    )
    if given_back is None:
        return
    held = await tx.fetch("SELECT promotion_id FROM promotion_uses WHERE order_id = $1", order_id)
    if not held:
        return
    await _lock_rules(tx, [row["promotion_id"] for row in held])
    await tx.execute(
        """
        WITH returned AS (
            UPDATE promotion_uses SET state = 'returned', changed_at = $2 WHERE order_id = $1
            RETURNING promotion_id, currency, saved_minor
        )
        UPDATE promotions p SET used_orders = p.used_orders - 1,
            used_minor = p.used_minor - CASE WHEN r.currency = p.currency THEN r.saved_minor ELSE 0 END
        FROM returned r WHERE p.promotion_id = r.promotion_id
        """,
        order_id,
        at,
    )


async def redeem_uses(tx: Connection, order_id: OrderId, at: Instant) -> None:
    """The order is paid: what it took is spent. Nothing if it took nothing. Idempotent by the order id.

    Budgets and limits do not move, so no rule is locked. Refuses with `BenefitsReturned` after `return_uses`.
    """
    state = await tx.fetchval("SELECT state FROM orders_with_uses WHERE order_id = $1 FOR NO KEY UPDATE", order_id)
    if state == "returned":
        raise _returned(order_id)
    if state != "held":
        return
    await tx.execute(
        "UPDATE orders_with_uses SET state = 'redeemed', changed_at = $2 WHERE order_id = $1", order_id, at
    )
    await tx.execute("UPDATE promotion_uses SET state = 'redeemed', changed_at = $2 WHERE order_id = $1", order_id, at)


async def _refuse_unless_the_same(tx: Connection, ask: HoldBenefits) -> None:
    state = await tx.fetchval("SELECT state FROM orders_with_uses WHERE order_id = $1 FOR NO KEY UPDATE", ask.order_id)
    if state == "returned":
        raise _returned(ask.order_id)
    rows = await tx.fetch("SELECT * FROM promotion_uses WHERE order_id = $1", ask.order_id)
    held = {(row["promotion_id"], row["version"], row["saved_minor"], row["currency"], row["user_id"]) for row in rows}
    asked = {(u.promotion_id, u.version, u.saved.minor, u.saved.currency, ask.user_id) for u in ask.uses}
    if held != asked:
        raise BenefitsConflict(
            f"Order {ask.order_id} already counts against other promotions. Give them back and place a new order.",
            order_id=ask.order_id,
        )


async def _lock_rules(tx: Connection, promotion_ids: Sequence[str]) -> dict[str, Record]:
    rows = await tx.fetch(
        """
        SELECT promotion_id, version, currency, budget_minor, total_limit, per_user_limit, used_orders, used_minor
        FROM promotions WHERE promotion_id = ANY($1) ORDER BY promotion_id FOR NO KEY UPDATE
        """,
        list(promotion_ids),
    )
    return {row["promotion_id"]: row for row in rows}


async def _uses_of_buyer(tx: Connection, rules: Mapping[str, Record], user_id: UserId) -> dict[str, int]:
    """How often this buyer has used each rule that limits it; read under the rules' locks, so nobody adds one meanwhile."""
    limited = [promotion_id for promotion_id, rule in rules.items() if rule["per_user_limit"] is not None]
    if not limited:
        return {}
    rows = await tx.fetch(
        """
        SELECT promotion_id, count(*) AS uses FROM promotion_uses
        WHERE promotion_id = ANY($1) AND user_id = $2 AND state <> 'returned' GROUP BY promotion_id
        """,
        limited,
        user_id,
    )
    return {row["promotion_id"]: row["uses"] for row in rows}


def _refuse_above_limits(rule: Record, use: RuleUse, uses_of_buyer: int) -> None:
    budget, total, per_user = rule["budget_minor"], rule["total_limit"], rule["per_user_limit"]
    spent = rule["used_minor"] + use.saved.minor
    if budget is not None and (use.saved.currency != rule["currency"] or spent > budget):
        raise _used_up(use, "what is left of its budget is less than it would save")
    if total is not None and rule["used_orders"] >= total:
        raise _used_up(use, "it has been used as often as it may be")
    if per_user is not None and uses_of_buyer >= per_user:
        raise _used_up(use, "you have used it as often as you may")


def _used_up(use: RuleUse, why: str) -> PromotionUsedUp:
    return PromotionUsedUp(
        f"Promotion {use.promotion_id} no longer counts: {why}. Ask for the price again.", promotion_id=use.promotion_id
    )


def _returned(order_id: OrderId) -> BenefitsReturned:
    return BenefitsReturned(
        f"What order {order_id} took of promotions was given back. Place a new order.", order_id=order_id
    )


async def _write(tx: Connection, ask: HoldBenefits) -> None:
    await tx.execute(
        """
        WITH taken AS (
            INSERT INTO promotion_uses
                (order_id, promotion_id, version, user_id, currency, saved_minor, state, taken_at, changed_at)
            SELECT $1, promotion_id, version, $2, currency, saved_minor, 'held', $3, $3
            FROM unnest($4::text[], $5::int[], $6::text[], $7::bigint[]) AS u (promotion_id, version, currency, saved_minor)
            RETURNING promotion_id, currency, saved_minor
        )
        UPDATE promotions p SET used_orders = p.used_orders + 1,
            used_minor = p.used_minor + CASE WHEN t.currency = p.currency THEN t.saved_minor ELSE 0 END
        FROM taken t WHERE p.promotion_id = t.promotion_id
        """,
        ask.order_id,
        ask.user_id,
        ask.at,
        [use.promotion_id for use in ask.uses],
        [use.version for use in ask.uses],
        [use.saved.currency for use in ask.uses],
        [use.saved.minor for use in ask.uses],
    )
