"""The audit finds each kind of break, here made on purpose behind the store's back, and nothing else."""

from datetime import timedelta

import pytest

from models.inventory.ahead import AheadSetting
from models.inventory.hot import SplitMode, SplitSetting
from models.inventory.types import BreakKind, SellsAhead
from stores.inventory.auditing import OVERDUE_AFTER
from tests.integration.inventory.shop import NOW, Shop, line, order, sku


@pytest.fixture
async def busy(shop: Shop) -> Shop:
    """Stock received, held, sold, returned and released: all of it in order."""
    await shop.stock(await shop.warehouse("a"), sku(), 100)
    for n in range(4):
        await shop.reserve(order(n), line(3))
    await shop.store.commit(order(0), NOW)
    await shop.store.commit(order(1), NOW)
    await shop.store.restock(order(1), "refund", [line(2)], NOW)
    await shop.store.release(order(2), NOW)
    return shop


async def test_a_shop_in_order_has_no_break(busy: Shop) -> None:
    assert await busy.store.audit(NOW) == []


_JOURNAL = (
    "INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at) SELECT "
)


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        ("UPDATE stock SET on_hand = on_hand + 1", {BreakKind.ON_HAND_UNEXPLAINED}),
        ("UPDATE stock SET reserved = reserved + 1", {BreakKind.RESERVED_UNEXPLAINED}),
        ("UPDATE reservation_lines SET quantity = quantity + 1 WHERE order_id = $1", {BreakKind.RESERVED_UNEXPLAINED}),
        (
            "ALTER TABLE stock DROP CONSTRAINT stock_promised; UPDATE stock SET reserved = on_hand + 1",
            {BreakKind.RESERVED_UNEXPLAINED, BreakKind.OUT_OF_BOUNDS},
        ),
        (
            "ALTER TABLE journal DISABLE TRIGGER ALL; DELETE FROM journal WHERE reason = 'receive'",
            {BreakKind.ON_HAND_UNEXPLAINED},
        ),
        (
            _JOURNAL + "warehouse_id, sku_id, 7, 7, 'receive', 'ghost', 'x', '', at FROM journal LIMIT 1",
            {BreakKind.ON_HAND_UNEXPLAINED},
        ),
        (
            "ALTER TABLE journal DISABLE TRIGGER ALL; UPDATE journal SET reference = 'nobody' WHERE reason = 'restock'",
            {BreakKind.COMMIT_UNEXPLAINED},
        ),
        (
            "UPDATE reservations SET state = 'committed' WHERE state = 'held'",
            {BreakKind.COMMIT_UNEXPLAINED, BreakKind.RESERVED_UNEXPLAINED},
        ),
        (
            "UPDATE reservations SET state = 'held' WHERE state = 'released'",
            {BreakKind.RESERVED_UNEXPLAINED},
        ),
        ("DELETE FROM reservations WHERE state = 'released'", {BreakKind.LINE_WITHOUT_RESERVATION}),
        ("UPDATE reservation_lines SET restocked = 1 WHERE restocked = 2", {BreakKind.COMMIT_UNEXPLAINED}),
    ],
)
async def test_each_broken_promise_is_found(busy: Shop, sabotage: str, kinds: set[BreakKind]) -> None:
    async with busy.db.reader() as connection:
        await connection.execute(sabotage.replace("$1", f"'{order(3)}'"))

    breaks = await busy.store.audit(NOW)

    assert {found.kind for found in breaks} == kinds
    assert all(found.detail and found.sku_id == sku() for found in breaks)


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        ("UPDATE stock_buckets SET free = free + 1 WHERE bucket = 1", {BreakKind.RESERVED_UNEXPLAINED}),
        (
            "DELETE FROM stock_buckets WHERE bucket = 1",
            {BreakKind.RESERVED_UNEXPLAINED, BreakKind.UNITS_STRANDED},
        ),
        ("UPDATE stock SET split_over = 0", {BreakKind.UNITS_STRANDED}),
    ],
)
async def test_units_lost_in_the_rows_of_hot_stock_are_found(busy: Shop, sabotage: str, kinds: set[BreakKind]) -> None:
    (level,) = await busy.store.levels()
    await busy.store.set_splitting(level.warehouse_id, sku(), SplitSetting(mode=SplitMode.ALWAYS), 0, NOW)
    assert await busy.store.audit(NOW) == []
    async with busy.db.reader() as connection:
        await connection.execute(sabotage)

    assert {found.kind for found in await busy.store.audit(NOW)} == kinds


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        ("UPDATE stock SET claimed = claimed + 1", {BreakKind.CLAIMED_UNEXPLAINED}),
        (
            "UPDATE claims SET state = 'filled' WHERE order_id = $1",
            {BreakKind.CLAIMED_UNEXPLAINED, BreakKind.CLAIM_UNEXPLAINED, BreakKind.CLAIM_OVERTAKEN},
        ),
    ],
)
async def test_claims_that_were_lost_or_served_out_of_turn_are_found(
    shop: Shop, sabotage: str, kinds: set[BreakKind]
) -> None:
    warehouse = await shop.warehouse("a")
    await shop.store.count(warehouse.warehouse_id, sku(), 0, key="first", actor="test", now=NOW)
    ahead = AheadSetting(policy=SellsAhead.BACKORDER, limit=5, within_days=14)
    await shop.store.set_ahead_sale(warehouse.warehouse_id, sku(), ahead, 0, "operator", NOW)
    for n in range(2):
        await shop.reserve(order(n), line(2))
    assert await shop.store.audit(NOW) == []
    async with shop.db.reader() as connection:
        await connection.execute(sabotage.replace("$1", f"'{order(1)}'"))

    assert {found.kind for found in await shop.store.audit(NOW)} == kinds


async def test_a_hold_nobody_released_is_found_after_a_while(busy: Shop) -> None:
    expired = NOW + timedelta(minutes=5)

    assert await busy.store.audit(expired + OVERDUE_AFTER) == []
    (found,) = await busy.store.audit(expired + OVERDUE_AFTER + timedelta(seconds=1))
    assert (found.kind, found.order_id) == (BreakKind.HOLD_OVERDUE, order(3))
