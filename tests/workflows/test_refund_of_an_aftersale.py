"""A refund that an after-sale pays: it takes the case's own units, and tells the case how it ended."""

from models.aftersales.errors import UnitsClaimed
from models.aftersales.messages import RefundOutcome
from models.payments.errors import RefundExceedsRest
from models.payments.messages import payment_of
from models.payments.types import RefundState
from models.shared.ids import AftersaleId
from tests.workflows.refunds import CARD, T0, TEA, Refunding, cny
from tests.workflows.scripted import Scripted

CASE = AftersaleId.derive(T0, "case")
TAKE, REPORT = "orders.take_return", "aftersales.report_refund"


async def started(refunding: Refunding) -> None:
    refunding.brings(CARD.amount)
    await refunding.start(by_lines=True, restock=False, aftersale_id=CASE, at_most=cny(6_000))


def outcome(steps: Scripted) -> RefundOutcome:
    (report,) = steps.told(REPORT)
    assert report.aftersale_id == CASE
    told: RefundOutcome = report.outcome
    return told


async def test_the_case_hears_that_its_money_went_back(refunding: Refunding, steps: Scripted) -> None:
    steps.fail(REPORT, times=2)
    await started(refunding)
    assert await refunding.ended() is RefundState.SUCCEEDED
    (take,) = steps.told(TAKE)
    assert (take.aftersale_id, take.at_most) == (CASE, cny(6_000))
    assert [report.outcome.amount for report in steps.told(REPORT)] == [CARD.amount] * 3


async def test_the_case_hears_why_nothing_was_held(refunding: Refunding, steps: Scripted) -> None:
    steps.refuse("payments.hold_refund", RefundExceedsRest.of(payment_of(refunding.order_id), cny(0)))
    await started(refunding)
    assert await refunding.ended() is RefundState.REFUSED
    told = outcome(steps)
    assert (told.state, told.refusal, told.refund_id) == (
        RefundState.REFUSED,
        "refund_exceeds_rest",
        refunding.refund_id,
    )
    assert steps.names()[-2:] == ["orders.drop_return", REPORT]


async def test_units_of_another_case_are_not_paid(refunding: Refunding, steps: Scripted) -> None:
    steps.refuse(TAKE, UnitsClaimed.of(refunding.order_id, TEA, 0))
    await started(refunding)
    assert await refunding.ended() is RefundState.REFUSED
    assert outcome(steps).refusal == "units_claimed"
