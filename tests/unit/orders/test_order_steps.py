"""Which steps an order may take, and where they leave its money."""

from itertools import product

import pytest

from models.orders.errors import IllegalTransition
from models.orders.rules import FINAL, NEXT_STATUS, check_step, payment_after_refund
from models.orders.types import OrderStatus, PaymentStatus
from models.shared import Money
from models.shared.ids import OrderId
from tests.unit.orders.baskets import named

ORDER = named(OrderId, "order")
LEGAL = {
    ("pending_payment", "paid"),
    ("pending_payment", "cancelled"),
    ("paid", "completed"),
    ("paid", "cancelled"),
}


@pytest.mark.parametrize(("current", "to"), list(product(OrderStatus, OrderStatus)))
def test_every_step_is_either_in_the_table_or_refused(current: OrderStatus, to: OrderStatus) -> None:
    if (current.value, to.value) in LEGAL:
        check_step(ORDER, current, to)
    else:
        with pytest.raises(IllegalTransition):
            check_step(ORDER, current, to)


def test_every_status_stands_in_the_table_and_can_be_reached() -> None:
    assert set(NEXT_STATUS) == set(OrderStatus)
    reached = {OrderStatus.PENDING_PAYMENT}.union(*NEXT_STATUS.values())
    assert reached == set(OrderStatus)
    assert {OrderStatus.COMPLETED, OrderStatus.CANCELLED} == FINAL


@pytest.mark.parametrize(
    ("status", "refunded", "becomes"),
    [
        (OrderStatus.PAID, 40, PaymentStatus.PART_REFUNDED),
        (OrderStatus.COMPLETED, 100, PaymentStatus.REFUNDED),
        (OrderStatus.CANCELLED, 40, PaymentStatus.REFUNDING),
        (OrderStatus.CANCELLED, 100, PaymentStatus.REFUNDED),
    ],
)
def test_a_cancelled_order_goes_on_refunding_until_all_is_back(
    status: OrderStatus, refunded: int, becomes: PaymentStatus
) -> None:
    assert payment_after_refund(status, Money(minor=100), Money(minor=refunded)) is becomes
