"""Levels that sell what is not there yet: never beyond their limit, first come first served, everything given back."""

import asyncio
from datetime import timedelta

import pytest

from models.inventory.ahead import AheadSetting, Availability, ClaimSearch
from models.inventory.errors import ReservationCommitted, ReservationReleased, SoldOut
from models.inventory.hot import SplitMode, SplitSetting
from models.inventory.types import Claim, ClaimState, SellsAhead, Warehouse
from models.shared.refusals import StaleVersion
from tests.integration.inventory.shop import NOW, Shop, line, order, sku

RELEASE = NOW + timedelta(days=10)
BACKORDER = AheadSetting(policy=SellsAhead.BACKORDER, limit=5, within_days=14)
PREORDER = AheadSetting(policy=SellsAhead.PREORDER, limit=5, release_at=RELEASE)
NEVER = AheadSetting(policy=SellsAhead.NEVER)
LATER = RELEASE + timedelta(minutes=1)


async def _level(shop: Shop, setting: AheadSetting, units: int = 0) -> Warehouse:
    warehouse = await shop.warehouse("a")
    await shop.store.count(warehouse.warehouse_id, sku(), units, key="a", actor="t", now=NOW)
    await _set(shop, warehouse, setting)
    return warehouse


async def _set(shop: Shop, warehouse: Warehouse, setting: AheadSetting) -> tuple[Claim, ...]:
    before = await shop.store.ahead_sale(warehouse.warehouse_id, sku())
    _, served = await shop.store.set_ahead_sale(warehouse.warehouse_id, sku(), setting, before.version, "operator", NOW)
    return served


async def _goods_come(shop: Shop, warehouse: Warehouse, units: int, key: str = "goods") -> tuple[Claim, ...]:
    change = await shop.store.receive(warehouse.warehouse_id, sku(), units, key=key, actor="t", now=NOW)
    return change.served


async def _claim(shop: Shop, name: str | int) -> Claim:
    (claim,) = await shop.store.claims(ClaimSearch(order_id=order(name)))
    return claim


async def test_what_is_short_is_claimed_and_what_is_there_is_held(shop: Shop) -> None:
    a = await _level(shop, BACKORDER, units=3)
    held = await shop.reserve(order(), line(5))
    assert [(part.warehouse_id, part.quantity) for part in held.allocations] == [(a.warehouse_id, 3)]
    (claim,) = held.ahead
    assert (claim.quantity, claim.state, claim.ships_by) == (2, "open", NOW + timedelta(days=14))
    assert await shop.reserve(order(), line(5)) == held
    (level,) = await shop.store.levels()
    assert (level.on_hand, level.reserved, level.claimed) == (3, 3, 2)
    assert await shop.store.audit(NOW) == []


async def test_goods_that_come_go_to_the_claims_in_their_turn_and_each_is_filled_whole(shop: Shop) -> None:
    a = await _level(shop, BACKORDER)
    for name, units in (("first", 2), ("second", 3)):
        await shop.reserve(order(name), line(units))
    assert [claim.order_id for claim in await _goods_come(shop, a, 4)] == [order("first")]
    with pytest.raises(SoldOut):
        await shop.reserve(order("late"), line(6))
    late = await shop.reserve(order("late"), line(1))  # two lie there, and are the second's
    assert (late.allocations, late.ahead[0].state) == ((), ClaimState.OPEN)
    came = await _goods_come(shop, a, 2, "more")
    assert [claim.order_id for claim in came] == [order("second"), order("late")]
    assert await _goods_come(shop, a, 2, "more") == came
    assert await shop.store.audit(NOW) == []


async def test_a_crowd_never_claims_more_than_the_limit(shop: Shop) -> None:
    await _level(shop, AheadSetting(policy=SellsAhead.BACKORDER, limit=30, within_days=3), units=10)
    shop.spread_over(3)
    answers = await asyncio.gather(*(shop.reserve(order(n), line(1)) for n in range(60)), return_exceptions=True)
    assert sum(isinstance(answer, SoldOut) for answer in answers) == 20
    (level,) = await shop.store.levels()
    assert (level.reserved, level.claimed) == (10, 30)
    assert await shop.store.audit(NOW) == []


async def test_goods_come_while_buyers_come_go_and_give_up(shop: Shop) -> None:
    a = await _level(shop, AheadSetting(policy=SellsAhead.BACKORDER, limit=200, within_days=3), units=5)
    shop.spread_over(3)

    async def one(n: int) -> None:
        await shop.reserve(order(n), line(1 + n % 3))
        if n % 4 == 0:
            await shop.store.release(order(n), NOW)
        elif n % 4 == 1:
            await shop.store.commit(order(n), NOW)
            if n % 8 == 1:
                await shop.store.release_claims(order(n), NOW)

    async def goods(n: int) -> None:
        await _goods_come(shop, a, 7, f"load {n}")

    await asyncio.gather(*(one(n) for n in range(48)), *(goods(n) for n in range(8)))
    assert await shop.store.audit(NOW) == []
    open_ = await shop.store.claims(ClaimSearch(state=ClaimState.OPEN))  # in the order of the queue
    (level,) = await shop.store.levels()
    assert not open_ or level.available < open_[0].quantity


async def test_a_claim_that_is_given_up_leaves_nothing_behind(shop: Shop) -> None:
    a = await _level(shop, BACKORDER, units=1)
    await shop.reserve(order("open"), line(3))
    released = await shop.store.release(order("open"), NOW)
    assert [claim.state for claim in released.ahead] == [ClaimState.RELEASED]
    await shop.reserve(order("filled"), line(3))
    await _goods_come(shop, a, 9)
    await shop.store.release(order("filled"), NOW)
    (level,) = await shop.store.levels()
    assert (level.on_hand, level.reserved, level.claimed) == (10, 0, 0)
    with pytest.raises(ReservationReleased):
        await shop.reserve(order("filled"), line(3))
    assert await shop.store.audit(NOW) == []


async def test_what_a_release_gives_back_goes_to_the_claim_that_waits(shop: Shop) -> None:
    await _level(shop, BACKORDER, units=2)
    await shop.reserve(order("has them"), line(2))
    await shop.reserve(order("waits"), line(2))
    released = await shop.store.release(order("has them"), NOW)
    assert [claim.order_id for claim in released.served] == [order("waits")]
    assert (await _claim(shop, "waits")).state is ClaimState.FILLED
    assert await shop.store.audit(NOW) == []


async def test_a_paid_claim_leaves_the_books_when_its_goods_are_there(shop: Shop) -> None:
    a = await _level(shop, BACKORDER, units=1)
    await shop.reserve(order(), line(3))
    await shop.store.commit(order(), NOW)
    claim = await _claim(shop, "order")
    assert (await shop.store.take_claim(claim.claim_id, NOW)).state is ClaimState.OPEN
    await _goods_come(shop, a, 2)
    for _ in range(2):
        assert (await shop.store.take_claim(claim.claim_id, NOW)).state is ClaimState.COMMITTED
    with pytest.raises(ReservationCommitted):
        await shop.store.release(order(), NOW)
    assert (await shop.store.release_claims(order(), NOW)).released == ()
    back = await shop.store.restock(order(), "back", [line(3)], NOW)
    assert sum(part.quantity for part in back.allocations) == 3
    (level,) = await shop.store.levels()
    assert (level.on_hand, level.reserved, level.claimed) == (3, 0, 0)
    assert await shop.store.audit(NOW) == []


async def test_a_cancelled_order_gives_its_claim_up_and_restocks_only_what_it_had(shop: Shop) -> None:
    await _level(shop, BACKORDER, units=1)
    await shop.reserve(order(), line(3))
    await shop.store.commit(order(), NOW)
    for _ in range(2):
        assert [c.quantity for c in (await shop.store.release_claims(order(), NOW)).released] == [2]
    back = await shop.store.restock(order(), "cancelled", [line(3)], NOW)
    assert sum(part.quantity for part in back.allocations) == 1
    claim = await _claim(shop, "order")
    with pytest.raises(ReservationReleased):
        await shop.store.take_claim(claim.claim_id, NOW)
    assert await shop.store.audit(NOW) == []


async def test_before_its_release_a_level_sells_by_pre_order_only(shop: Shop) -> None:
    await _level(shop, PREORDER, units=4)
    held = await shop.reserve(order(), line(3))
    assert (held.allocations, held.ahead[0].state, held.ahead[0].not_before) == ((), ClaimState.FILLED, RELEASE)
    await shop.store.commit(order(), NOW)
    assert (await shop.store.take_claim(held.ahead[0].claim_id, NOW)).state is ClaimState.FILLED
    with pytest.raises(SoldOut) as refused:  # the limit counts what was sold before the release, come or not
        await shop.reserve(order("too many"), line(3))
    assert refused.value.fields["lines"] == [{"sku_id": sku(), "asked": 3, "left": 2}]
    assert (await shop.store.sellable([sku()], NOW))[sku()].availability is Availability.PRE_ORDER
    assert (await shop.store.take_claim(held.ahead[0].claim_id, LATER)).state is ClaimState.COMMITTED
    after = (await shop.store.sellable([sku()], LATER))[sku()]
    assert (after.availability, after.in_stock, after.ahead) == (Availability.IN_STOCK, 1, 0)
    assert await shop.store.audit(NOW) == []


async def test_a_release_that_is_put_off_moves_its_claims(shop: Shop) -> None:
    a = await _level(shop, PREORDER, units=4)
    await shop.reserve(order(), line(1))
    later = RELEASE + timedelta(days=30)
    await _set(shop, a, AheadSetting(policy=SellsAhead.PREORDER, limit=5, release_at=later))
    claim = await _claim(shop, "order")
    assert (claim.not_before, claim.ships_by) == (later, later)
    assert (await shop.store.take_claim(claim.claim_id, LATER)).state is ClaimState.FILLED


async def test_claims_outlive_the_end_of_selling_ahead(shop: Shop) -> None:
    a = await _level(shop, BACKORDER)
    await shop.reserve(order(), line(2))
    await _set(shop, a, NEVER)
    with pytest.raises(SoldOut):
        await shop.reserve(order("late"), line(1))
    assert [claim.order_id for claim in await _goods_come(shop, a, 3)] == [order()]
    with pytest.raises(StaleVersion):
        await shop.store.set_ahead_sale(a.warehouse_id, sku(), NEVER, 1, "operator", NOW)


async def test_a_hot_level_that_begins_to_sell_ahead_is_one_row_again(shop: Shop) -> None:
    a = await _level(shop, NEVER, units=100)
    setting = SplitSetting(mode=SplitMode.ALWAYS, rows=4)
    assert (await shop.store.set_splitting(a.warehouse_id, sku(), setting, 0, NOW)).split_over == 4
    await _set(shop, a, PREORDER)
    held = await shop.reserve(order(), line(5))
    assert held.ahead[0].state is ClaimState.FILLED
    (level,) = await shop.store.levels()
    assert (level.reserved, level.split_over) == (5, 0)
    assert await shop.store.audit(NOW) == []


@pytest.mark.parametrize(
    "said",
    [
        {"policy": "backorder", "limit": 5},
        {"policy": "backorder", "within_days": 3},
        {"policy": "preorder", "limit": 5, "within_days": 3},
        {"policy": "never", "limit": 5},
    ],
)
def test_a_policy_says_what_it_needs_and_nothing_else(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="takes"):
        AheadSetting.model_validate(said)
