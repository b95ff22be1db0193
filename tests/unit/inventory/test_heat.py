"""When a level counts as hot."""

from datetime import UTC, datetime, timedelta

from models.inventory.hot import CROWD, HOT_ORDERS, HOT_WINDOW
from models.inventory.types import Allocation, Reservation, ReservationState
from models.shared.ids import MerchantId, OrderId, SkuId, WarehouseId
from stores.inventory.heat import Heat

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LEVEL = WarehouseId.derive(NOW, "a"), SkuId.derive(NOW, "tea")


def orders(count: int) -> list[Reservation]:
    part = Allocation(warehouse_id=LEVEL[0], merchant_id=MerchantId.derive(NOW, "m"), sku_id=LEVEL[1], quantity=1)
    return [
        Reservation(order_id=OrderId.derive(NOW, str(n)), state=ReservationState.HELD, allocations=(part,))
        for n in range(count)
    ]


def test_enough_orders_in_crowds_within_the_window_make_a_level_hot() -> None:
    heat = Heat()
    turns = HOT_ORDERS // CROWD
    found = [heat.met(orders(CROWD), NOW + HOT_WINDOW / turns * n) for n in range(turns)]
    assert found == [[]] * (turns - 1) + [[LEVEL]]


def test_the_same_orders_over_a_longer_time_do_not() -> None:
    heat = Heat()
    for n in range(10):
        assert heat.met(orders(HOT_ORDERS - 1), NOW + (HOT_WINDOW + timedelta(milliseconds=1)) * n) == []


def test_orders_that_come_apart_are_no_crowd_however_many_they_are() -> None:
    heat = Heat()
    for _ in range(HOT_ORDERS * 2):
        assert heat.met(orders(CROWD - 1), NOW) == []
