"""The ways through `Fulfillment` and `Refund` whose histories are kept."""

from collections.abc import Awaitable, Callable

from channels.carrier.errors import CarrierRefused, CarrierUnknown
from models.fulfillment.errors import ShipmentStopped
from models.fulfillment.messages import ExceptionDecision
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus
from models.inventory.errors import SoldOut
from models.inventory.types import ClaimState
from models.orders.types import LineRequest
from models.payments.errors import RefundExceedsRest
from models.payments.messages import RefundDecision, RefundLegState, payment_of
from tests.workflows import parcels
from tests.workflows.parcels import POT, Parcel, report
from tests.workflows.refunds import CARD, PROCESSING, REFUSED, WALLET, WENT_BACK, Refunding, cny, says
from tests.workflows.sagas import refused
from workflows.fulfillment import Fulfillment
from workflows.refund import Refund

ParcelScenario = Callable[[Parcel], Awaitable[None]]
RefundScenario = Callable[[Refunding], Awaitable[None]]

_S = ShipmentStatus


async def signed(parcel: Parcel) -> None:
    await (await parcel.shipped()).tracked(report(_S.SIGNED))


async def dispatched_short_then_delivered_and_signed_by_hand(parcel: Parcel) -> None:
    await parcel.start(Outbound.MANUAL)
    await parcel.dispatch(LineRequest(sku_id=POT, quantity=1))
    await parcel.is_now(_S.SHIPPED)
    await parcel.tracked(report(_S.DELIVERED))
    await parcel.is_now(_S.DELIVERED)
    await parcel.sign_off()


async def nothing_found(parcel: Parcel) -> None:
    await parcel.start(Outbound.MANUAL)
    await parcel.dispatch()


async def stopped_at_the_store(parcel: Parcel) -> None:
    parcel.steps.refuse(parcels.WAYBILL, ShipmentStopped("The order was called off."))
    await parcel.start()


async def carriers_away_then_address_corrected(parcel: Parcel) -> None:
    parcel.steps.refuse(parcels.WAYBILL, CarrierUnknown("There is no such carrier."), times=1)
    parcel.steps.refuse(parcels.WAYBILL, CarrierRefused("There is no such street."), times=1)
    await parcel.start()
    await parcel.is_now("a carrier that answers")
    await parcel.sagas.later(parcel.handle, minutes=6)
    await parcel.is_now("the buyer to correct the address")
    await parcel.corrected()
    await parcel.is_now(_S.SHIPPED)
    await parcel.sign_off()


async def address_never_corrected(parcel: Parcel) -> None:
    parcel.steps.refuse(parcels.WAYBILL, CarrierRefused("There is no such street."))
    await parcel.start()
    await parcel.is_now("the buyer to correct the address")
    await parcel.sagas.later(parcel.handle, days=3, minutes=1)


async def lost_sent_again_and_refunded(parcel: Parcel) -> None:
    parcel.steps.refuse(parcels.RESERVE, SoldOut("Nothing is left.", lines=[]), times=1)
    await (await parcel.shipped()).trouble(ExceptionKind.LOST)
    await refused(parcel.decide(ExceptionDecision.RESHIP))
    await parcel.decide(ExceptionDecision.RESHIP)
    await parcel.sagas.called(parcels.WAYBILL, times=2)
    await parcel.is_now(_S.SHIPPED)
    await parcel.tracked(report(_S.EXCEPTION, ExceptionKind.DAMAGED, minutes=9_000))
    await parcel.is_now("an operator (damaged)")
    await parcel.decide(ExceptionDecision.REFUND)


async def astray_then_refused_and_received_back(parcel: Parcel) -> None:
    await (await parcel.shipped()).trouble(ExceptionKind.ADDRESS_ERROR)
    await parcel.is_now("the buyer to correct the address")
    await parcel.corrected()
    await parcel.is_now(_S.SHIPPED)
    await parcel.trouble(ExceptionKind.REFUSED)
    await parcel.is_now(_S.RETURNING)
    await parcel.receive_back()


async def split_in_two_and_signed_by_silence(parcel: Parcel) -> None:
    await parcel.start(Outbound.MANUAL)
    await refused(parcel.split(*parcels.ITEMS))
    await parcel.split(LineRequest(sku_id=POT, quantity=1))
    await parcel.dispatch(whole=True)
    await parcel.is_now(_S.SHIPPED)
    await parcel.nobody_complains()


async def sent_in_exchange_and_lost(parcel: Parcel) -> None:
    await parcel.start(aftersale_id=parcels.EXCHANGE)
    await parcel.is_now(_S.SHIPPED)
    await parcel.tracked(report(_S.EXCEPTION, ExceptionKind.LOST))
    await parcel.is_now("an operator (lost)")
    await parcel.decide(ExceptionDecision.REFUND)


async def went_back(refunding: Refunding) -> None:
    await refunding.begin()


async def over_two_channels_by_callback_and_poll(refunding: Refunding) -> None:
    refunding.goes_over(CARD, WALLET)
    answers = {part.leg_id: says(RefundLegState.PROCESSING, part) for part in (CARD, WALLET)}
    refunding.steps.answer("payments.send_refund_leg", lambda ref: answers[ref.leg_id])
    refunding.steps.answer("payments.ask_refund_leg", says(RefundLegState.SUCCEEDED, WALLET))
    await refunding.start()
    await refunding.sagas.until(refunding.handle, "sandbox_card works on")
    await refunding.handle.signal(Refund.refund_reported, WENT_BACK)
    await refunding.sagas.until(refunding.handle, "sandbox_wallet works on")
    await refunding.sagas.later(refunding.handle, seconds=31)


async def refused_retried_and_paid_by_other_means(refunding: Refunding) -> None:
    refunding.steps.answer("payments.send_refund_leg", REFUSED)
    await refunding.begin()
    for times in (1, 2):
        await refunding.sagas.called("payments.release_refund", times)
        await refunding.sagas.until(refunding.handle, "waiting for an operator")
        if times == 1:
            await refunding.decide(RefundDecision.RETRY)
    await refunding.decide(RefundDecision.OTHER_MEANS)


async def refused_and_gone_another_way(refunding: Refunding) -> None:
    refunding.steps.answer("payments.send_refund_leg", REFUSED)
    await refunding.begin()
    await refunding.sagas.until(refunding.handle, "waiting for an operator")
    refusal = RefundExceedsRest.of(payment_of(refunding.order_id), cny(0))
    refunding.steps.refuse("payments.hold_refund", refusal)
    assert await refused(refunding.decide(RefundDecision.RETRY)) == "refund_exceeds_rest"


async def not_held(refunding: Refunding) -> None:
    refusal = RefundExceedsRest.of(payment_of(refunding.order_id), cny(0))
    refunding.steps.refuse("payments.hold_refund", refusal)
    await refunding.start()


async def cancelled_in_temporal(refunding: Refunding) -> None:
    refunding.steps.answer("payments.send_refund_leg", PROCESSING)
    await refunding.begin()
    await refunding.sagas.until(refunding.handle, "works on")
    await refunding.handle.cancel()
    await refunding.handle.signal(Refund.refund_reported, WENT_BACK)


async def waited_for_its_goods(parcel: Parcel) -> None:
    parcel.finds(ClaimState.OPEN, ClaimState.COMMITTED)
    await parcel.start(waits=parcels.WAIT)
    await parcel.is_now("waiting for its goods")
    await parcel.handle.signal(Fulfillment.goods_came)
    await parcel.is_now(_S.SHIPPED)
    await parcel.tracked(report(_S.SIGNED))


async def waited_in_vain(parcel: Parcel) -> None:
    parcel.finds(ClaimState.OPEN)
    await parcel.start(waits=parcels.WAIT)
    await parcel.is_now("waiting for its goods")
    await parcel.give_up()


PARCELS: tuple[ParcelScenario, ...] = (
    signed,
    dispatched_short_then_delivered_and_signed_by_hand,
    nothing_found,
    stopped_at_the_store,
    carriers_away_then_address_corrected,
    address_never_corrected,
    lost_sent_again_and_refunded,
    astray_then_refused_and_received_back,
    split_in_two_and_signed_by_silence,
    sent_in_exchange_and_lost,
    waited_for_its_goods,
    waited_in_vain,
)
PARCELS_QUEUED: tuple[ParcelScenario, ...] = (signed, lost_sent_again_and_refunded)
REFUNDS: tuple[RefundScenario, ...] = (
    went_back,
    over_two_channels_by_callback_and_poll,
    refused_retried_and_paid_by_other_means,
    refused_and_gone_another_way,
    not_held,
    cancelled_in_temporal,
)
REFUNDS_QUEUED: tuple[RefundScenario, ...] = (went_back,)
