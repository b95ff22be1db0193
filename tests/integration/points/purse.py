"""One buyer's points in a fresh database, and short words for what happens to them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hanse.database import Database
from models.points.messages import AdjustPoints
from models.points.types import PointsEntry, PointsTerms
from models.promotions.messages import AwardPoints
from models.shared import Instant, Money
from models.shared.ids import OrderId, RefundId, UserId
from stores.points import PointsStore
from stores.points.book import entries_of
from stores.points.spending import claw_back, return_part, return_spent, spend

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TERMS = PointsTerms(earn_per_hundred=1, valid_days=365)
BUYER, OTHER = UserId.derive(NOW, "buyer"), UserId.derive(NOW, "other")


def order(name: str | int = "order") -> OrderId:
    return OrderId.derive(NOW, str(name))


def refund(name: str | int = "refund") -> RefundId:
    return RefundId.derive(NOW, str(name))


def day(number: float) -> Instant:
    return NOW + timedelta(days=number)


def cny(minor: int) -> Money:
    return Money(minor=minor)


@dataclass
class Purse:
    """The points of BUYER, unless a call says otherwise."""

    store: PointsStore
    db: Database

    async def earn(
        self, points: int, name: str | int = "earning", at: Instant = NOW, days: int = 365, paid: int | None = None
    ) -> tuple[PointsEntry, ...]:
        """Points of a completed order, paid so that it earns them."""
        paid = points * 100 if paid is None else paid
        ask = AwardPoints(order_id=order(name), user_id=BUYER, paid=cny(paid), at=at)
        return await self.store.award_once(ask, TERMS.model_copy(update={"valid_days": days}))

    async def adjust(
        self, delta: int, key: str = "key", at: Instant = NOW, why: str = "a gift"
    ) -> tuple[PointsEntry, ...]:
        ask = AdjustPoints(user_id=BUYER, delta=delta, actor="operator", why=why, key=key, at=at)
        return await self.store.adjust(ask, TERMS)

    async def spend(self, points: int, name: str | int = "order", at: Instant = NOW, user_id: UserId = BUYER) -> None:
        async with self.db.transaction() as tx:
            await spend(tx, user_id, order(name), points, at)

    async def changes_of(self, order_id: OrderId) -> tuple[PointsEntry, ...]:
        async with self.db.reader() as connection:
            return await entries_of(connection, order_id)

    async def return_spent(self, name: str | int = "order", at: Instant = NOW) -> int:
        async with self.db.transaction() as tx:
            return await return_spent(tx, order(name), at)

    async def return_part(
        self, points: int, refund_name: str | int = "refund", name: str | int = "order", at: Instant = NOW
    ) -> int:
        async with self.db.transaction() as tx:
            return await return_part(tx, order(name), refund(refund_name), points, at)

    async def claw_back(
        self,
        refunded: int,
        refund_name: str | int = "refund",
        name: str | int = "earning",
        *,
        whole: bool = False,
        at: Instant = NOW,
    ) -> int:
        async with self.db.transaction() as tx:
            return await claw_back(tx, order(name), refund(refund_name), cny(refunded), whole, at)

    async def balance(self, at: Instant = NOW) -> int:
        return (await self.store.account(BUYER, at)).balance

    async def lots(self, at: Instant = NOW) -> list[tuple[int, Instant]]:
        """What is left in each lot and until when."""
        return [(lot.left, lot.expires_at) for lot in (await self.store.account(BUYER, at)).lots]

    async def ledger(self) -> list[tuple[str, int, int]]:
        """Every line, oldest first: kind, delta, balance after it."""
        lines = await self.store.entries(BUYER, limit=1000)
        return [(line.kind.value, line.delta, line.balance) for line in reversed(lines)]

    async def empty(self) -> None:
        """As if nothing had ever been earned."""
        await self.run(
            """
            ALTER TABLE points_entries DISABLE TRIGGER append_only;
            TRUNCATE points_accounts, points_entries, points_lots, points_spends, points_spend_lots, points_awards,
                points_refunds;
            ALTER TABLE points_entries ENABLE ALWAYS TRIGGER append_only;
            """
        )

    async def run(self, script: str, *arguments: Any) -> None:
        """Behind the store's back."""
        async with self.db.reader() as connection:
            await connection.execute(script, *arguments)
