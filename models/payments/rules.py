"""What is decided about money without looking anywhere else. The store asks under the payment's row lock."""

from collections.abc import Sequence

from models.payments.errors import PaymentAlreadyComplete, PaymentClosed, PaymentWindowOver
from models.payments.types import Attempt, Payment, PaymentState, RefundReason
from models.shared import Instant, Money
from models.shared.ids import AttemptId, OrderId, RefundId


def left_to_pay(payment: Payment) -> Money:
    """What is still owed. Open attempts do not count, only captures do."""
    return payment.amount - payment.captured


def is_kept(payment: Payment, capture: Money) -> bool:
    """The one rule that picks the winner among captures: kept while the payment is open and the capture fits what is owed.

    A capture that does not fit is surplus and goes back whole; a part of it is never kept.
    """
    return payment.state is PaymentState.PENDING and capture <= left_to_pay(payment)


def why_amount_stays(payment: Payment, *, attempts_open: bool) -> str | None:
    """Why a payment cannot ask another amount any more; None when it can.

    Only one of which nothing has come and nothing is expected: whoever has paid a part, or stands before a channel with the old
    amount, keeps the price they were shown. A capture that comes although its attempt was closed is judged by the new amount
    (`is_kept`): what does not fit it goes back whole.
    """
    if payment.state is not PaymentState.PENDING:
        return f"is {payment.state}"
    if payment.captured.minor:
        return f"has been paid in part: {payment.captured} of {payment.amount}"
    return "may be paid at this moment" if attempts_open else None


def refuse_when_over(payment: Payment, now: Instant) -> None:
    """Nobody begins to pay what is closed (`PaymentClosed`), paid (`PaymentAlreadyComplete`) or due (`PaymentWindowOver`)."""
    match payment.state:
        case PaymentState.CLOSED:
            raise PaymentClosed.of(payment.payment_id)
        case PaymentState.PAID:
            raise PaymentAlreadyComplete.of(payment.payment_id)
        case PaymentState.PENDING:
            if now >= payment.due_at:
                raise PaymentWindowOver.of(payment.payment_id, payment.due_at)


def surplus_reason(payment: Payment) -> RefundReason:
    """Why a capture that is not kept goes back."""
    return RefundReason.LATE_PAYMENT if payment.state is PaymentState.CLOSED else RefundReason.DUPLICATE_PAYMENT


def surplus_refund_id(attempt: Attempt) -> RefundId:
    """The one refund that gives this attempt's capture back whole, however often it is asked for."""
    return RefundId.derive(attempt.created_at, "surplus", attempt.attempt_id)


def leg_id_of(refund_id: RefundId, attempt_id: AttemptId, held_at: Instant, round_no: int) -> RefundId:
    """The channel's idempotency key for one leg. A refund held again after a refusal gets new ones, since a channel
    that refused a key refuses it for ever."""
    return RefundId.derive(held_at, refund_id, attempt_id, str(round_no))


def split_refund(amount: Money, left: Sequence[tuple[AttemptId, Money]]) -> list[tuple[AttemptId, Money]]:
    """Spread a refund over captured attempts, each with what can still go back over it.

    The fullest first (equals in the order of their ids), so a refund takes as few legs as possible and the same facts
    always give the same legs. The caller has checked that `amount` fits.
    """
    legs: list[tuple[AttemptId, Money]] = []
    rest = amount
    for attempt_id, room in sorted(left, key=lambda entry: (-entry[1].minor, entry[0])):
        part = min(rest, room)
        if part.minor > 0:
            legs.append((attempt_id, part))
            rest = rest - part
    if rest.minor:
        raise ValueError(f"{amount} does not fit into the captures; {rest} is left over")
    return legs


def order_refund_id(order_id: OrderId) -> RefundId:
    """The one refund of everything when an order is called off; the two ids share their body."""
    return RefundId(f"{RefundId.prefix}_{order_id.split('_')[1]}")
