"""Which units of an order after-sales may speak of. Pure: the store applies it under the order's row lock.

A unit can be claimed when it was bought and arrived, was not paid back, and no other case speaks of it. A claim stays for good
when its case paid (then the refund it stands for is not counted twice), and goes when the case ended without money, or with
another piece, which can be claimed like the first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from models.aftersales.errors import AftersaleNotOpen, AftersaleWindowOver, ClaimExceedsLeft, UnitsClaimed
from models.aftersales.types import ClaimableLine
from models.orders.types import LineRequest, Order, OrderStatus
from models.shared import Instant
from models.shared.ids import SkuId


def units_of(lines: Sequence[LineRequest]) -> Counter[SkuId]:
    """How many units of each SKU these lines are."""
    counted: Counter[SkuId] = Counter()
    for line in lines:
        counted[line.sku_id] += line.quantity
    return counted


def check_open(order: Order, arrived: Mapping[SkuId, int], at: Instant) -> None:
    """`AftersaleNotOpen` before anything arrived, `AftersaleWindowOver` after the window (R11)."""
    if order.status not in (OrderStatus.PAID, OrderStatus.COMPLETED) or not arrived:
        waits = "paid, and nothing was signed for" if order.status is OrderStatus.PAID else order.status.value
        raise AftersaleNotOpen.of(order.order_id, waits)
    if order.status is OrderStatus.COMPLETED and order.aftersale_until is not None and at > order.aftersale_until:
        raise AftersaleWindowOver.of(order.order_id, order.aftersale_until)


def claimable(
    order: Order, arrived: Mapping[SkuId, int], claimed: Mapping[SkuId, int], paid_otherwise: Mapping[SkuId, int]
) -> tuple[ClaimableLine, ...]:
    """What is left to claim of each line. `claimed` by all cases, `paid_otherwise` by refunds that no case stands for.

    Refunds of parcels that never arrived are among the latter, so they count against what was bought, not what arrived.
    """
    return tuple(
        ClaimableLine(
            sku_id=line.sku_id,
            bought=line.quantity,
            arrived=arrived.get(line.sku_id, 0),
            left=max(
                0,
                min(arrived.get(line.sku_id, 0), line.quantity - paid_otherwise.get(line.sku_id, 0))
                - claimed.get(line.sku_id, 0),
            ),
        )
        for line in order.lines
    )


def check_claim(order: Order, wanted: Sequence[LineRequest], left: Sequence[ClaimableLine]) -> None:
    """`ClaimExceedsLeft`, naming what is left."""
    free = {line.sku_id: line.left for line in left}
    for sku_id, quantity in units_of(wanted).items():
        if quantity > free.get(sku_id, 0):
            raise ClaimExceedsLeft.of(order.order_id, sku_id, quantity, free.get(sku_id, 0))


def check_unclaimed(
    order: Order, wanted: Sequence[LineRequest], returned: Mapping[SkuId, int], claimed: Mapping[SkuId, int]
) -> None:
    """`UnitsClaimed` when a refund would pay for units that an open case of somebody else's speaks of."""
    bought = {line.sku_id: line.quantity for line in order.lines}
    for sku_id, quantity in units_of(wanted).items():
        if not claimed.get(sku_id):
            continue
        left = bought.get(sku_id, 0) - returned.get(sku_id, 0) - claimed[sku_id]
        if quantity > left:
            raise UnitsClaimed.of(order.order_id, sku_id, max(left, 0))


def listed(lines: Sequence[LineRequest]) -> str:
    """The units in words."""
    return ", ".join(f"{line.quantity} × {line.sku_id}" for line in lines)
