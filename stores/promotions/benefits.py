"""What orders spend: coupons, points, and uses of rules with budgets. Every step is one transaction, idempotent by the order
id (a refund by its own), and answers what is to be told.

Locks, in this order everywhere: the order's row, its coupons by their ids, the buyer's points account, the rules by their ids.
Rules come last because a crowd meets on them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record

from hanse.database import Connection, Database
from models.points.events import PointsChanged
from models.points.events import told as points_told
from models.points.types import EntryKind
from models.promotions.coupon_rules import check_usable, returns_on_cancel, returns_on_whole_refund
from models.promotions.coupons import Coupon, CouponState
from models.promotions.errors import BenefitsConflict, BenefitsReturned
from models.promotions.events import CouponRedeemed, CouponReturned
from models.promotions.messages import BenefitsOf, HoldBenefits, SettleRefund
from models.shared.events import Event
from models.shared.ids import CouponId, CouponTemplateId, OrderId, UserId
from models.shared.refusals import InvalidRequest
from stores.points.book import entries_of
from stores.points.spending import claw_back, return_part, return_spent, spend
from stores.promotions.coupon_rows import coupon_unknown, in_order, lock_coupons
from stores.promotions.uses import redeem_uses, return_uses, take_uses


class BenefitStore:
    """Holds, redeems and gives back what orders spend."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def hold_all_or_nothing(self, ask: HoldBenefits) -> tuple[Event, ...]:
        """Lock these coupons, take these points and these uses: all of it or nothing.

        Repeated with the same content it changes nothing; with other content it is refused with `BenefitsConflict`, after
        `return_all` with `BenefitsReturned`. Other refusals, which leave nothing behind: `CouponNotFound` (another's too),
        `CouponAlreadyUsed`, `CouponLocked`, `CouponNotValid`, `PointsNotEnough`, `PromotionUsedUp`.
        """
        async with self._db.transaction() as tx:
            if not await _is_new(tx, ask):
                return await _told_of_points(tx, ask.order_id, ask.points)
            if ask.coupons:
                await _hold_coupons(tx, ask)
            await spend(tx, ask.user_id, ask.order_id, ask.points, ask.at)
            await take_uses(tx, ask)
            return await _told_of_points(tx, ask.order_id, ask.points)

    async def return_all(self, of: BenefitsOf) -> tuple[Event, ...]:
        """Undo of hold, in every state: what is held goes back whole; of what was redeemed, points and uses go back, and the
        coupons whose terms say so for a cancelled order. If nothing was held, that is remembered: a hold that comes late is
        refused. A coupon that comes back too late for its validity is simply over.

        Repeated it changes nothing, and the answer is the same.
        """
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO held_benefits (order_id, state, coupons, points, uses, returned_coupons, returned_at)
                VALUES ($1, 'returned', '{}', 0, '[]', '{}', $2) ON CONFLICT (order_id) DO NOTHING
                """,
                of.order_id,
                of.at,
            )
            held = await _lock(tx, of.order_id)
            if held is None:
                raise LookupError(f"the row of order {of.order_id} was just written and is gone")
            if held["state"] != "returned":
                back = await _give_back_coupons(tx, held, cancelled=True)
                if held["points"]:
                    await return_spent(tx, of.order_id, of.at)
                if held["uses"]:
                    await return_uses(tx, of.order_id, of.at)
                held = await tx.fetchrow(
                    """
                    UPDATE held_benefits SET state = 'returned', returned_at = $2, returned_coupons = returned_coupons || $3
                    WHERE order_id = $1 RETURNING *
                    """,
                    of.order_id,
                    of.at,
                    back,
                )
            return await _told_returned(tx, held) if held else ()

    async def redeem(self, of: BenefitsOf) -> tuple[Event, ...]:
        """The order is paid: what it holds is spent, once. Nothing if it never held anything.

        Repeated it changes nothing, and the answer is the same. Refuses with `BenefitsReturned` after `return_all`.
        """
        async with self._db.transaction() as tx:
            held = await _lock(tx, of.order_id)
            if held is None:
                return ()
            if held["state"] == "returned":
                raise _returned(of.order_id)
            if held["state"] == "held":
                if held["coupons"]:
                    await _redeem_coupons(tx, held["coupons"], of)
                if held["uses"]:
                    await redeem_uses(tx, of.order_id, of.at)
                held = await tx.fetchrow(
                    "UPDATE held_benefits SET state = 'redeemed', redeemed_at = $2 WHERE order_id = $1 RETURNING *",
                    of.order_id,
                    of.at,
                )
            return await _told_redeemed(tx, held) if held else ()

    async def settle_refund(self, ask: SettleRefund) -> tuple[Event, ...]:
        """Money went back: `points` that were spent return, never more than are still spent, and all of them when nothing is
        left of the order (`whole`), and then coupons too whose terms say so. What was earned on the money is taken back as
        far as the balance has it.

        Idempotent by the refund id: a repeat changes nothing, and the answer is the same; `InvalidRequest` if it says
        something else. After `return_all` there is nothing left to return, but what was earned is still taken back.
        """
        asked = ask.model_dump(mode="json", exclude={"at"})
        async with self._db.transaction() as tx:
            held = await _lock(tx, ask.order_id)
            added = await tx.execute(
                """
                INSERT INTO settled_refunds (refund_id, order_id, asked, returned_coupons, at) VALUES ($1, $2, $3, '{}', $4)
                ON CONFLICT (refund_id) DO NOTHING
                """,
                ask.refund_id,
                ask.order_id,
                asked,
                ask.at,
            )
            if added != "INSERT 0 1":
                return await _told_again(tx, ask, asked)
            back = await _give_back_coupons(tx, held, cancelled=False) if held and ask.whole else []
            if back:
                await tx.execute(
                    "UPDATE held_benefits SET returned_coupons = returned_coupons || $2 WHERE order_id = $1",
                    ask.order_id,
                    back,
                )
                await tx.execute(
                    "UPDATE settled_refunds SET returned_coupons = $2 WHERE refund_id = $1", ask.refund_id, back
                )
            points = held["points"] if held and ask.whole else ask.points
            if points:
                await return_part(tx, ask.order_id, ask.refund_id, points, ask.at)
            await claw_back(tx, ask.order_id, ask.refund_id, ask.refunded, ask.whole, ask.at)
            return await _told_settled(tx, ask, back, ask.at)

    async def held_orders(self) -> list[OrderId]:
        """The orders that hold something right now and are not paid."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT order_id FROM held_benefits WHERE state = 'held' ORDER BY order_id")
        return [OrderId(row["order_id"]) for row in rows]


# ---- the order's row -------------------------------------------------------------------------------------------------


async def _is_new(tx: Connection, ask: HoldBenefits) -> bool:
    """Write the order's row. False if it says the same already; refused if it says otherwise, or was given back."""
    coupons, uses = sorted(set(ask.coupons)), _plain_uses(ask)
    made = await tx.execute(
        """
        INSERT INTO held_benefits (order_id, user_id, state, coupons, points, uses, returned_coupons, held_at)
        VALUES ($1, $2, 'held', $3, $4, $5, '{}', $6) ON CONFLICT (order_id) DO NOTHING
        """,
        ask.order_id,
        ask.user_id,
        coupons,
        ask.points,
        uses,
        ask.at,
    )
    if made == "INSERT 0 1":
        return True
    held = await _lock(tx, ask.order_id)
    if held is None or held["state"] == "returned":
        raise _returned(ask.order_id)
    if (held["user_id"], held["coupons"], held["points"], held["uses"]) != (ask.user_id, coupons, ask.points, uses):
        raise BenefitsConflict(
            f"Order {ask.order_id} holds other coupons or points already. Give them back, and place a new order.",
            order_id=ask.order_id,
        )
    return False


def _plain_uses(ask: HoldBenefits) -> list[Any]:
    uses = [use.model_dump(mode="json") for use in ask.uses]
    return sorted(uses, key=lambda use: (use["promotion_id"], use["version"]))


async def _lock(tx: Connection, order_id: OrderId) -> Record | None:
    return await tx.fetchrow("SELECT * FROM held_benefits WHERE order_id = $1 FOR NO KEY UPDATE", order_id)


def _returned(order_id: OrderId) -> BenefitsReturned:
    return BenefitsReturned(
        f"What order {order_id} held was given back. Place a new order to use it.", order_id=order_id
    )


async def _hold_coupons(tx: Connection, ask: HoldBenefits) -> None:
    found = await lock_coupons(tx, ask.coupons)
    for coupon in in_order(ask.coupons, found):
        if coupon.user_id != ask.user_id:
            raise coupon_unknown(coupon.coupon_id)
        check_usable(coupon, ask.at)
    await tx.execute(
        "UPDATE coupons SET state = 'locked', order_id = $2, locked_at = $3 WHERE coupon_id = ANY($1)",
        list(ask.coupons),
        ask.order_id,
        ask.at,
    )


async def _redeem_coupons(tx: Connection, coupon_ids: Sequence[CouponId], of: BenefitsOf) -> None:
    await lock_coupons(tx, coupon_ids)
    await tx.execute(
        """
        UPDATE coupons SET state = 'redeemed', redeemed_at = $3
        WHERE coupon_id = ANY($1) AND order_id = $2 AND state = 'locked'
        """,
        coupon_ids,
        of.order_id,
        of.at,
    )


async def _give_back_coupons(tx: Connection, held: Record, *, cancelled: bool) -> list[CouponId]:
    """Put coupons of the order back into their wallets: all that are only locked (if it is cancelled), and those that were
    redeemed if their terms say so. Says which."""
    if not held["coupons"]:
        return []
    found = await lock_coupons(tx, map(CouponId, held["coupons"]))
    mine = [coupon for _, coupon in sorted(found.items()) if coupon.order_id == held["order_id"]]
    back = [coupon.coupon_id for coupon in mine if _comes_back(coupon, cancelled)]
    await tx.execute(
        """
        UPDATE coupons SET state = 'claimed', order_id = NULL, locked_at = NULL, redeemed_at = NULL
        WHERE coupon_id = ANY($1)
        """,
        back,
    )
    return back


def _comes_back(coupon: Coupon, cancelled: bool) -> bool:
    if coupon.state is CouponState.LOCKED:
        return cancelled
    return returns_on_cancel(coupon.terms) if cancelled else returns_on_whole_refund(coupon.terms)


# ---- what is told: made of what is written, so that a repeat tells the same -------------------------------------------


async def _told_redeemed(tx: Connection, held: Record) -> tuple[Event, ...]:
    return tuple(
        CouponRedeemed(
            occurred_at=held["redeemed_at"],
            coupon_id=coupon_id,
            template_id=template_id,
            order_id=OrderId(held["order_id"]),
            user_id=user_id,
        )
        for coupon_id, template_id, user_id in await _owners(tx, held["coupons"])
    )


async def _told_returned(tx: Connection, held: Record) -> tuple[Event, ...]:
    """Those that came back with a refund before are told by the refund."""
    if not held["returned_coupons"]:
        return await _told_of_points(tx, OrderId(held["order_id"]), held["points"])
    with_refunds = await tx.fetch("SELECT returned_coupons FROM settled_refunds WHERE order_id = $1", held["order_id"])
    told = {coupon_id for row in with_refunds for coupon_id in row["returned_coupons"]}
    back = [coupon_id for coupon_id in held["returned_coupons"] if coupon_id not in told]
    order_id = OrderId(held["order_id"])
    coupons = await _told_back(tx, back, order_id, held["returned_at"])
    return *coupons, *await _told_of_points(tx, order_id, held["points"])


async def _told_again(tx: Connection, ask: SettleRefund, asked: dict[str, Any]) -> tuple[Event, ...]:
    settled = await tx.fetchrow("SELECT * FROM settled_refunds WHERE refund_id = $1", ask.refund_id)
    if settled is None or settled["asked"] != asked:
        raise InvalidRequest(f"Refund {ask.refund_id} was settled otherwise; a refund never changes.")
    return await _told_settled(tx, ask, settled["returned_coupons"], settled["at"])


async def _told_settled(tx: Connection, ask: SettleRefund, back: Sequence[str], at: datetime) -> tuple[Event, ...]:
    """What the refund wrote, and what it wrote off in passing because its time was over."""
    coupons = await _told_back(tx, back, ask.order_id, at)
    mine = [
        event
        for event in await _all_points(tx, ask.order_id)
        if event.refund_id == ask.refund_id or event.kind is EntryKind.EXPIRED
    ]
    return *coupons, *mine


async def _told_of_points(tx: Connection, order_id: OrderId, points: int) -> tuple[Event, ...]:
    """What the order did to its buyer's points so far; telling some of it again does no harm."""
    return await _all_points(tx, order_id) if points else ()


async def _all_points(tx: Connection, order_id: OrderId) -> tuple[PointsChanged, ...]:
    return points_told(await entries_of(tx, order_id))


async def _told_back(tx: Connection, back: Sequence[str], order_id: OrderId, at: datetime) -> tuple[Event, ...]:
    return tuple(
        CouponReturned(occurred_at=at, coupon_id=coupon_id, template_id=template_id, order_id=order_id, user_id=user_id)
        for coupon_id, template_id, user_id in await _owners(tx, back)
    )


async def _owners(tx: Connection, coupon_ids: Iterable[str]) -> list[tuple[CouponId, CouponTemplateId, UserId]]:
    wanted = list(coupon_ids)
    if not wanted:
        return []
    rows = await tx.fetch(
        "SELECT coupon_id, template_id, user_id FROM coupons WHERE coupon_id = ANY($1) ORDER BY coupon_id", wanted
    )
    return [(CouponId(r["coupon_id"]), CouponTemplateId(r["template_id"]), UserId(r["user_id"])) for r in rows]
