"""The ways in which a coupon, points and limited promotions are held, spent and given back, whose histories are kept."""

from models.inventory.errors import NothingReserved
from models.orders.errors import UnknownSku
from models.orders.messages import CommitDecision, ParcelEnd, SettlementKind
from models.payments.errors import RefundExceedsRest
from models.promotions.errors import CouponLocked, PurchaseLimitReached
from tests.replay.scenarios import OrderScenario
from tests.replay.scenarios_of_parcels import RefundScenario
from tests.workflows.orders import one_order as orders
from tests.workflows.orders.one_order import OneOrder
from tests.workflows.orders.spending import SPENDING, spends
from tests.workflows.refunds import Refunding, cny
from tests.workflows.sagas import refused


async def spending_completed(order: OneOrder) -> None:
    await spends(order).paid(SPENDING)
    await order.parcels_end(ParcelEnd.SIGNED)
    await order.at("delivered")
    await order.confirm()


async def spending_hold_lapsed(order: OneOrder) -> None:
    await spends(order).prepare(SPENDING)
    await order.later(minutes=6)


async def spending_above_a_purchase_limit(order: OneOrder) -> None:
    order.steps.refuse(orders.COUNT, PurchaseLimitReached("Two each."))
    await refused(spends(order).place(SPENDING))


async def spending_a_locked_coupon(order: OneOrder) -> None:
    order.steps.refuse(orders.HOLD, CouponLocked("Another order holds it."))
    await refused(spends(order).place(SPENDING))


async def spending_refused_after_the_hold(order: OneOrder) -> None:
    order.steps.refuse(orders.OPEN_PAYMENT, UnknownSku.of([orders.TEA.sku_id]))
    await refused(spends(order).place(SPENDING))


async def spending_not_paid_in_time(order: OneOrder) -> None:
    await spends(order).place(SPENDING)
    await order.payment_ends(SettlementKind.EXPIRED)


async def spending_cancelled_before_payment(order: OneOrder) -> None:
    await spends(order).place(SPENDING)
    cancelling = await order.asks_to_cancel()
    await order.called(orders.STOP_PAYMENT)
    await order.payment_ends(SettlementKind.CANCELLED)
    await cancelling


async def spending_cancelled_after_payment(order: OneOrder) -> None:
    await spends(order).paid(SPENDING)
    await order.at("fulfilling")
    await order.cancel()


async def spending_without_stock(order: OneOrder) -> None:
    order.steps.refuse(orders.COMMIT, NothingReserved("Nothing is held."))
    await spends(order).paid(SPENDING)
    await order.at("stock not committed")
    await order.decide(CommitDecision.REFUND)


async def units_went_back(refunding: Refunding) -> None:
    refunding.brings(cny(7_000), points=30)
    await refunding.start(by_lines=True)


async def the_last_units_cost_nothing(refunding: Refunding) -> None:
    refunding.brings(cny(0), points=30, whole=True)
    await refunding.start(by_lines=True)


async def units_not_held(refunding: Refunding) -> None:
    refunding.brings(cny(7_000))
    refunding.steps.refuse("payments.hold_refund", RefundExceedsRest("Less is left."))
    await refunding.start(by_lines=True)


ORDERS: tuple[OrderScenario, ...] = (
    spending_completed,
    spending_hold_lapsed,
    spending_above_a_purchase_limit,
    spending_a_locked_coupon,
    spending_refused_after_the_hold,
    spending_not_paid_in_time,
    spending_cancelled_before_payment,
    spending_cancelled_after_payment,
    spending_without_stock,
)
ORDERS_QUEUED: tuple[OrderScenario, ...] = (spending_completed, spending_cancelled_after_payment)
REFUNDS: tuple[RefundScenario, ...] = (units_went_back, the_last_units_cost_nothing, units_not_held)
