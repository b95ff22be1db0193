"""The ways through `Aftersale` whose histories are kept, and the refund that tells a case how it ended."""

from collections.abc import Awaitable, Callable

from models.aftersales.errors import ClaimExceedsLeft
from models.aftersales.types import AftersaleKind
from models.fulfillment.types import TrackingState
from models.inventory.errors import SoldOut
from models.orders.messages import Placement
from models.orders.types import LineRequest
from models.shared.ids import AftersaleId
from tests.workflows.aftersales import (
    CLAIM,
    OTHER_PARCEL,
    PARCEL,
    RESERVE,
    T0,
    TEA,
    OneCase,
    not_held,
)
from tests.workflows.refunds import CARD, Refunding
from tests.workflows.sagas import Sagas, refused

CaseScenario = Callable[[Sagas, Placement], Awaitable[OneCase]]


async def refund_only(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.REFUND_ONLY)
    await case.apply()
    return case


async def returned_in_part(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.returned()
    await case.receive()
    await case.inspect(tea=1, pot=0, resellable=1)
    return case


async def fetched_and_lowered(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.apply()
    await case.pick_up()
    await case.lower(4_000)
    await case.carrier_says(TrackingState.SIGNED)
    await case.is_now("received")
    await case.inspect()
    return case


async def exchanged(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.EXCHANGE)
    await case.returned()
    await case.inspect()
    await case.parcel_ends(PARCEL)
    await case.parcel_ends(OTHER_PARCEL)
    return case


async def exchange_partly_lost(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.EXCHANGE)
    await case.returned()
    await case.inspect()
    await case.parcel_ends(PARCEL)
    await case.parcel_ends(OTHER_PARCEL, LineRequest(sku_id=TEA, quantity=1))
    return case


async def exchange_sold_out_then_refunded(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.EXCHANGE)
    case.steps.refuse(RESERVE, SoldOut.short([(TEA, 2, 0)]))
    await case.returned()
    await case.inspect()
    await case.is_now("sold_out")
    await case.later(days=7, minutes=1)
    return case


async def withdrawn(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.returned()
    await case.withdraw()
    return case


async def withdrawn_before_a_pick_up(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.apply()
    await case.pick_up()
    await case.withdraw()
    return case


async def expired(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.apply()
    await case.later(days=7, minutes=1)
    return case


async def escalated_then_approved(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.REFUND_ONLY, approved=False)
    await case.apply()
    await case.later(days=3, minutes=1)
    await case.is_now("overdue")
    await case.approve(at_most=4_000)
    return case


async def rejected_appealed_rejected(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, approved=False)
    await case.apply()
    await case.reject()
    await case.appeal()
    await case.reject()
    return case


async def rejected_at_the_inspection(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    await case.returned()
    await case.inspect(tea=0, pot=0)
    await case.later(days=7, minutes=1)
    return case


async def refund_refused_then_closed(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement, AftersaleKind.REFUND_ONLY)
    case.pays = [not_held(), not_held()]
    await case.apply()
    await case.is_now("refund_refused")
    await case.try_refund()
    await case.is_now("refund_refused")
    await case.close()
    return case


async def refused_at_once(sagas: Sagas, placement: Placement) -> OneCase:
    case = OneCase(sagas, placement)
    case.steps.refuse(CLAIM, ClaimExceedsLeft.of(case.order_id, TEA, 2, 0))
    await refused(case.apply())
    return case


async def of_an_aftersale(refunding: Refunding) -> None:
    refunding.brings(CARD.amount)
    await refunding.start(
        by_lines=True, restock=False, aftersale_id=AftersaleId.derive(T0, "case"), at_most=CARD.amount
    )


CASES = (
    refund_only,
    returned_in_part,
    fetched_and_lowered,
    exchanged,
    exchange_partly_lost,
    exchange_sold_out_then_refunded,
    withdrawn,
    withdrawn_before_a_pick_up,
    expired,
    escalated_then_approved,
    rejected_appealed_rejected,
    rejected_at_the_inspection,
    refund_refused_then_closed,
    refused_at_once,
)
CASES_QUEUED = (refund_only, withdrawn)
REFUNDS = (of_an_aftersale,)
