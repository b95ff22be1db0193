"""Money on its way back: held, booked leg by leg, released, paid by other means."""

import asyncio

import pytest

from models.orders.messages import SettlementKind
from models.payments.errors import (
    CaptureNotSurplus,
    PaymentStillOpen,
    RefundAmountInvalid,
    RefundConflict,
    RefundExceedsRest,
    RefundNotReleased,
)
from models.payments.messages import BookRefund, RefundHeld, RefundLegState, RefundReport, ReleaseRefund
from models.payments.types import Attempt, Payment, RefundState
from models.shared import Money, Refusal
from models.shared.ids import RefundId
from models.shared.refusals import NotFound
from tests.integration.payments.till import Till, cny

SUCCEEDED, REFUSED = RefundLegState.SUCCEEDED, RefundLegState.REFUSED


async def say(till: Till, leg_id: RefundId, state: RefundLegState) -> RefundReport:
    return await till.store.record_leg(RefundReport(leg_id=leg_id, state=state, detail="said so"), till.tick())


async def book(till: Till, held: RefundHeld, payment: Payment) -> RefundState:
    ask = BookRefund(refund_id=held.refund_id, order_id=payment.order_id, at=till.tick())
    return (await till.store.book_refund(ask)).state


async def release(till: Till, held: RefundHeld) -> None:
    await till.store.release_refund(ReleaseRefund(refund_id=held.refund_id, at=till.tick(), detail="refused for good"))


async def refused(till: Till, payment: Payment, amount: int | None = None) -> RefundHeld:
    """A refund that its channel refused and whose hold was released."""
    held = await till.hold(payment, amount)
    for leg in held.legs:
        await till.store.mark_leg_sent(leg.leg_id)
        await say(till, leg.leg_id, REFUSED)
    await release(till, held)
    return held


async def sums(till: Till, payment: Payment) -> tuple[int, int]:
    after = await till.fresh(payment)
    return after.held.minor, after.refunded.minor


async def surplus(till: Till) -> tuple[Payment, Attempt]:
    """A payment that was paid twice, and the attempt that must go back."""
    payment = await till.open()
    first, second = await till.attempt(payment), await till.attempt(payment)
    await till.capture(first)
    booked = await till.capture(second)
    return booked.payment, booked.attempt


async def test_a_whole_refund_goes_back_over_the_attempt_that_paid(till: Till) -> None:
    payment, attempt = await till.paid()
    held = await till.hold(payment)
    assert [(leg.attempt_id, leg.channel, leg.amount) for leg in held.legs] == [
        (attempt.attempt_id, "sandbox_card", cny(10_000))
    ]
    assert await sums(till, payment) == (10_000, 0)
    assert await book(till, held, payment) is RefundState.SUCCEEDED
    assert await sums(till, payment) == (0, 10_000)
    assert await till.sound()


async def test_fifty_partial_refunds_at_once_never_exceed_what_came(till: Till) -> None:
    payment, _ = await till.paid(10_000)
    held = await asyncio.gather(*(till.hold(payment, 700) for _ in range(50)), return_exceptions=True)
    granted = [entry for entry in held if isinstance(entry, RefundHeld)]
    turned_down = [entry for entry in held if isinstance(entry, RefundExceedsRest)]
    assert (len(granted), len(turned_down)) == (14, 36)
    assert turned_down[-1].fields["left"] == {"minor": 200, "currency": "CNY"}
    assert await sums(till, payment) == (9_800, 0)
    assert (await till.hold(payment)).amount == cny(200)
    assert await till.sound()


async def test_one_refund_id_asked_for_fifty_times_at_once_is_held_once(till: Till) -> None:
    payment, _ = await till.paid()
    ask = till.refund_of(payment, 4_000)
    held = await asyncio.gather(*(till.store.hold_refund(ask, till.tick()) for _ in range(50)))
    assert len({entry.legs for entry in held}) == 1
    assert await sums(till, payment) == (4_000, 0)


async def test_a_refund_id_names_one_refund_only(till: Till) -> None:
    payment, _ = await till.paid()
    held = await till.hold(payment, 4_000)
    with pytest.raises(RefundConflict):
        await till.hold(payment, 4_001, refund_id=held.refund_id)


async def test_a_refund_takes_as_few_legs_as_it_can(till: Till) -> None:
    payment = await till.open(10_000)
    for amount, channel in ((3_000, "sandbox_voucher"), (7_000, "sandbox_card")):
        payment = (await till.capture(await till.attempt(payment, amount, channel))).payment
    first = await till.hold(payment, 6_000)
    second = await till.hold(payment, 3_500)
    assert [(leg.channel, leg.amount) for leg in first.legs] == [("sandbox_card", cny(6_000))]
    assert sorted((leg.channel, leg.amount.minor) for leg in second.legs) == [
        ("sandbox_card", 500),
        ("sandbox_voucher", 3_000),
    ]
    assert await till.sound()


@pytest.mark.parametrize("amount", [cny(0), cny(-5), Money(minor=5, currency="EUR")], ids=str)
async def test_a_refund_gives_back_something_in_the_payments_currency(till: Till, amount: Money) -> None:
    payment, _ = await till.paid()
    ask = till.refund_of(payment).model_copy(update={"amount": amount})
    with pytest.raises(RefundAmountInvalid):
        await till.store.hold_refund(ask, till.tick())


async def test_nothing_goes_back_twice_nor_before_the_payment_is_complete_nor_from_nowhere(till: Till) -> None:
    payment, _ = await till.paid()
    await till.hold(payment)
    with pytest.raises(RefundExceedsRest):
        await till.hold(payment)
    part = await till.open()
    await till.capture(await till.attempt(part, 1_000))
    with pytest.raises(PaymentStillOpen):
        await till.hold(part)
    with pytest.raises(NotFound):
        await till.hold(payment.model_copy(update={"payment_id": till.ask(1).payment_id}))
    with pytest.raises(NotFound):
        await till.hold(payment.model_copy(update={"order_id": part.order_id}))


async def test_a_surplus_goes_back_by_its_own_refund_and_by_no_other(till: Till) -> None:
    payment, second = await surplus(till)
    assert (await till.hold(payment)).amount == cny(10_000)
    held = await till.hold(payment, surplus=second)
    assert [leg.attempt_id for leg in held.legs] == [second.attempt_id]
    with pytest.raises(RefundExceedsRest):
        await till.hold(payment, surplus=second)
    assert await book(till, held, payment) is RefundState.SUCCEEDED
    assert await sums(till, payment) == (10_000, 0)
    assert await till.sound()


async def test_a_kept_capture_is_not_refunded_by_naming_its_attempt(till: Till) -> None:
    payment, attempt = await till.paid()
    with pytest.raises(CaptureNotSurplus):
        await till.hold(payment, surplus=attempt)


async def test_a_success_is_booked_when_it_is_heard_and_only_once(till: Till) -> None:
    payment, _ = await till.paid()
    held = await till.hold(payment, 4_000)
    for _ in range(3):
        assert (await say(till, held.legs[0].leg_id, SUCCEEDED)).state is SUCCEEDED
    assert await sums(till, payment) == (0, 4_000)
    assert (await say(till, held.legs[0].leg_id, REFUSED)).state is SUCCEEDED
    for _ in range(2):
        assert await book(till, held, payment) is RefundState.SUCCEEDED
    assert await sums(till, payment) == (0, 4_000)
    assert await till.sound()


async def test_a_refused_refund_gives_its_hold_back(till: Till) -> None:
    payment, _ = await till.paid()
    held = await refused(till, payment)
    assert await sums(till, payment) == (0, 0)
    refund = await till.store.refund(held.refund_id)
    assert (refund.state, refund.refusal) == (RefundState.REFUSED, "refused for good")
    await release(till, held)
    assert (await till.hold(payment)).amount == cny(10_000)
    assert await till.sound()


async def test_a_refund_with_a_refused_leg_cannot_be_called_finished(till: Till) -> None:
    payment, _ = await till.paid()
    held = await till.hold(payment)
    await say(till, held.legs[0].leg_id, REFUSED)
    with pytest.raises(ValueError, match="release it"):
        await book(till, held, payment)


async def test_a_refused_refund_is_held_again_under_new_leg_ids(till: Till) -> None:
    payment, _ = await till.paid()
    before = await refused(till, payment, 4_000)
    again = await till.hold(payment, 4_000, refund_id=before.refund_id)
    assert again.amount == cny(4_000)
    assert not {leg.leg_id for leg in again.legs} & {leg.leg_id for leg in before.legs}
    assert await till.hold(payment, 4_000, refund_id=before.refund_id) == again
    assert await book(till, again, payment) is RefundState.SUCCEEDED
    assert await sums(till, payment) == (0, 4_000)
    assert await till.sound()


async def split(till: Till) -> tuple[Payment, RefundHeld]:
    payment = await till.open(10_000)
    for amount in (4_000, 6_000):
        payment = (await till.capture(await till.attempt(payment, amount))).payment
    held = await till.hold(payment)
    for leg in held.legs:
        await till.store.mark_leg_sent(leg.leg_id)
    return payment, held


async def test_only_what_did_not_go_back_is_held_again(till: Till) -> None:
    payment, held = await split(till)
    large, small = sorted(held.legs, key=lambda leg: -leg.amount.minor)
    await say(till, large.leg_id, SUCCEEDED)
    await say(till, small.leg_id, REFUSED)
    await release(till, held)
    assert await sums(till, payment) == (0, 6_000)
    again = await till.hold(payment, refund_id=held.refund_id)
    assert [leg.amount for leg in again.legs] == [cny(4_000)]
    await book(till, again, payment)
    assert await sums(till, payment) == (0, 10_000)
    assert await till.sound()


async def test_a_leg_still_under_way_keeps_its_hold_through_a_release(till: Till) -> None:
    payment, held = await split(till)
    large, small = sorted(held.legs, key=lambda leg: -leg.amount.minor)
    await say(till, small.leg_id, REFUSED)
    await release(till, held)
    assert await sums(till, payment) == (6_000, 0)
    again = await till.hold(payment, refund_id=held.refund_id)
    assert {leg.leg_id for leg in again.legs} > {large.leg_id}
    await say(till, large.leg_id, SUCCEEDED)
    await book(till, again, payment)
    assert await sums(till, payment) == (0, 10_000)
    assert await till.sound()


async def test_a_leg_refused_after_the_release_is_released_at_once(till: Till) -> None:
    payment, held = await split(till)
    large, small = sorted(held.legs, key=lambda leg: -leg.amount.minor)
    await say(till, small.leg_id, REFUSED)
    await release(till, held)
    await say(till, large.leg_id, REFUSED)
    assert await sums(till, payment) == (0, 0)
    assert await till.sound()


async def test_releasing_before_anything_was_sent_undoes_the_hold(till: Till) -> None:
    payment, _ = await till.paid()
    await release(till, await till.hold(payment, 4_000))
    assert await sums(till, payment) == (0, 0)
    nothing = ReleaseRefund(refund_id=till.new_refund(), at=till.tick(), detail="never held")
    assert await till.store.release_refund(nothing) is None


async def test_a_finished_refund_is_not_released(till: Till) -> None:
    payment, _ = await till.paid()
    held = await till.hold(payment)
    await book(till, held, payment)
    await release(till, held)
    assert await sums(till, payment) == (0, 10_000)


async def test_a_refused_refund_that_is_tried_again_takes_what_others_have_left_of_it(till: Till) -> None:
    payment, _ = await till.paid()
    first = await refused(till, payment, 9_000)
    other = await till.hold(payment, 4_000)
    assert await book(till, other, payment) is RefundState.SUCCEEDED
    again = await till.hold(payment, 9_000, refund_id=first.refund_id)
    assert again.amount == cny(6_000)
    assert await book(till, again, payment) is RefundState.SUCCEEDED
    assert await sums(till, payment) == (0, 10_000)
    assert await till.sound()


async def test_a_refused_refund_of_which_others_have_left_nothing_cannot_be_held_again(till: Till) -> None:
    payment, _ = await till.paid()
    first = await refused(till, payment, 9_000)
    await book(till, await till.hold(payment), payment)
    with pytest.raises(RefundExceedsRest):
        await till.hold(payment, 9_000, refund_id=first.refund_id)
    assert await till.sound()


@pytest.mark.parametrize(("given", "back"), [(0, 8_000), (4_000, 6_000)])
async def test_a_refund_that_nobody_chose_the_amount_of_takes_the_rest_when_that_is_less(
    till: Till, given: int, back: int
) -> None:
    payment, _ = await till.paid()
    if given:
        await book(till, await till.hold(payment, given), payment)
    ask = till.refund_of(payment, 8_000).model_copy(update={"or_the_rest": True})
    for _ in range(2):
        assert (await till.store.hold_refund(ask, till.tick())).amount == cny(back)
    assert await till.sound()


async def test_a_refused_refund_can_be_paid_back_by_other_means_once(till: Till) -> None:
    payment, _ = await till.paid()
    held = await refused(till, payment, 4_000)
    for _ in range(2):
        refund = await till.store.refund_by_other_means(held.refund_id, "operator", till.tick())
        assert refund.state is RefundState.OTHER_MEANS
    assert await sums(till, payment) == (0, 4_000)
    balances = {entry.account: entry.balance for entry in await till.store.trial_balance()}
    assert balances["other_means"] == -4_000
    assert balances["channel:sandbox_card"] == 10_000
    assert await till.sound()


async def test_other_means_are_for_refused_refunds_only_and_never_above_the_rest(till: Till) -> None:
    payment, _ = await till.paid()
    with pytest.raises(RefundNotReleased):
        await till.store.refund_by_other_means((await till.hold(payment, 1_000)).refund_id, "operator", till.tick())
    lost = await refused(till, payment, 9_000)
    await till.hold(payment, 1)
    with pytest.raises(RefundExceedsRest):
        await till.store.refund_by_other_means(lost.refund_id, "operator", till.tick())


async def test_a_contradiction_of_the_channel_is_seen_and_books_nothing(till: Till) -> None:
    payment, _ = await till.paid()
    held = await refused(till, payment, 4_000)
    await say(till, held.legs[0].leg_id, SUCCEEDED)
    assert await sums(till, payment) == (0, 0)
    (broken,) = await till.store.audit(till.now)
    assert (broken.check, broken.facts["leg_id"]) == ("refused_refunds_stay_refused", held.legs[0].leg_id)


async def test_refunds_are_found_by_order_by_leg_and_by_state(till: Till) -> None:
    payment, _ = await till.paid()
    first, second = await till.hold(payment, 1_000), await till.hold(payment, 2_000)
    await book(till, first, payment)
    both = await till.store.refunds(payment.order_id)
    assert [entry.refund_id for entry in both] == [first.refund_id, second.refund_id]
    assert (await till.store.refund_of_leg(second.legs[0].leg_id)).refund_id == second.refund_id
    waiting = await till.store.list_refunds(limit=10, state=RefundState.HELD)
    assert [entry.refund_id for entry in waiting] == [second.refund_id]
    assert await till.store.list_refunds(limit=10, before=first.refund_id) == ()


async def test_a_refund_racing_a_refund_and_a_release_stays_within_the_capture(till: Till) -> None:
    payment, _ = await till.paid()
    lost = await till.hold(payment, 6_000)
    await say(till, lost.legs[0].leg_id, REFUSED)

    async def hold() -> RefundHeld | None:
        try:
            return await till.hold(payment, 5_000)
        except Refusal:
            return None

    outcomes = await asyncio.gather(*(hold() for _ in range(10)), release(till, lost), *(hold() for _ in range(10)))
    granted = [entry for entry in outcomes if isinstance(entry, RefundHeld)]
    assert len(granted) <= 2
    assert (await till.fresh(payment)).held == cny(5_000 * len(granted))
    assert await till.sound()


async def test_a_part_payment_can_go_back_although_the_window_closed(till: Till) -> None:
    payment = await till.open()
    part = await till.attempt(payment, 2_500)
    await till.capture(part)
    await till.store.close_window(payment.order_id, SettlementKind.EXPIRED, till.tick())
    held = await till.hold(payment, surplus=part)
    await say(till, held.legs[0].leg_id, SUCCEEDED)
    assert await book(till, held, payment) is RefundState.SUCCEEDED
    assert await till.sound()
