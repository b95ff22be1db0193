"""How payments say no."""

from models.payments.types import MAX_OPEN_ATTEMPTS
from models.shared import Instant, Money, Refusal
from models.shared.ids import AttemptId, PaymentId, RefundId


class PaymentClosed(Refusal):
    """The payment window has ended unpaid; money that still comes goes back."""

    code = "payment_closed"
    title = "The payment is closed"

    @classmethod
    def of(cls, payment_id: PaymentId) -> "PaymentClosed":
        """The payment whose window ended."""
        return cls(f"Payment {payment_id} is closed. Place the order again.", payment_id=payment_id)


class PaymentAlreadyComplete(Refusal):
    """Everything that was owed has been paid."""

    code = "payment_already_complete"
    title = "The payment is complete"

    @classmethod
    def of(cls, payment_id: PaymentId) -> "PaymentAlreadyComplete":
        """The payment that is paid."""
        return cls(f"Payment {payment_id} is already paid. There is nothing left to do.", payment_id=payment_id)


class PaymentWindowOver(Refusal):
    """The time to pay has run out, although the payment is not closed yet."""

    code = "payment_window_over"
    title = "The time to pay is over"

    @classmethod
    def of(cls, payment_id: PaymentId, due_at: Instant) -> "PaymentWindowOver":
        """The payment and when it was due."""
        return cls(
            f"Payment {payment_id} was due at {due_at.isoformat()}. Place the order again.",
            payment_id=payment_id,
            due_at=due_at.isoformat(),
        )


class PaymentConflict(Refusal):
    """The order's payment was opened before with another amount or buyer; a payment never changes."""

    code = "payment_conflict"
    title = "The order already has another payment"

    @classmethod
    def of(cls, payment_id: PaymentId) -> "PaymentConflict":
        """The payment that differs from what was asked."""
        return cls(
            f"Payment {payment_id} was opened with another amount or buyer. Look at the order; do not repeat this.",
            payment_id=payment_id,
        )


class AttemptExceedsRest(Refusal):
    """The attempt asks for more than is left to pay; `left` says how much that is."""

    code = "attempt_exceeds_rest"
    title = "More than is left to pay"

    @classmethod
    def of(cls, payment_id: PaymentId, asked: Money, left: Money) -> "AttemptExceedsRest":
        """What was asked and what is left to pay."""
        return cls(
            f"Payment {payment_id} needs {left} more, not {asked}. Leave the amount out to pay all that is left.",
            payment_id=payment_id,
            left=left.model_dump(),
        )


class AttemptAmountInvalid(Refusal):
    """An attempt pays more than nothing, in the payment's currency."""

    code = "attempt_amount_invalid"
    title = "Nothing that can be paid"

    @classmethod
    def of(cls, payment_id: PaymentId, asked: Money, currency: str) -> "AttemptAmountInvalid":
        """What was asked, and the payment's currency."""
        return cls(
            f"Payment {payment_id} takes a positive amount of {currency}, not {asked}.",
            payment_id=payment_id,
            currency=currency,
        )


class AttemptConflict(Refusal):
    """This attempt id already names another try to pay."""

    code = "attempt_conflict"
    title = "The attempt is another one"

    @classmethod
    def of(cls, attempt_id: AttemptId) -> "AttemptConflict":
        """The attempt that differs from what was asked."""
        return cls(
            f"Attempt {attempt_id} was opened for another payment, channel or amount. Use a new key for a new attempt.",
            attempt_id=attempt_id,
        )


class AttemptClosed(Refusal):
    """The try was closed before the buyer was shown where to pay, since the order's price was being changed."""

    code = "attempt_closed"
    title = "This try was closed"

    @classmethod
    def of(cls, attempt_id: AttemptId) -> "AttemptClosed":
        """The attempt that nobody can pay."""
        return cls(
            f"Attempt {attempt_id} was closed while its channel was asked: the price was being changed. Look at what is left to "
            "pay, and try again with a new key.",
            attempt_id=attempt_id,
        )


class TooManyAttempts(Refusal):
    """So many tries are waiting for the buyer that another one would not help."""

    code = "too_many_attempts"
    title = "Too many attempts are open"

    @classmethod
    def of(cls, payment_id: PaymentId) -> "TooManyAttempts":
        """The payment whose attempts pile up."""
        return cls(
            f"Payment {payment_id} has {MAX_OPEN_ATTEMPTS} attempts open. Finish one of them, or wait until they are closed.",
            payment_id=payment_id,
            limit=MAX_OPEN_ATTEMPTS,
        )


class ChannelDoesNotTake(Refusal):
    """The channel does not take this amount, currency or method."""

    code = "channel_does_not_take"
    title = "Not payable on this channel"

    @classmethod
    def of(cls, channel: str, amount: Money) -> "ChannelDoesNotTake":
        """The channel, and the amount outside its terms."""
        return cls(
            f"{channel} does not take {amount}. Choose another channel; the cashier lists what each takes.",
            channel=channel,
            amount=amount.model_dump(),
        )


class RefundExceedsRest(Refusal):
    """The refund asks for more than can still go back; `left` = captured − refunded − held."""

    code = "refund_exceeds_rest"
    title = "More than can still be refunded"

    @classmethod
    def of(cls, payment_id: PaymentId, left: Money) -> "RefundExceedsRest":
        """What can still go back."""
        return cls(
            f"Of payment {payment_id}, {left} can still be refunded. Ask for at most that.",
            payment_id=payment_id,
            left=left.model_dump(),
        )


class RefundAmountInvalid(Refusal):
    """A refund gives back more than nothing, in the payment's currency."""

    code = "refund_amount_invalid"
    title = "Nothing that can be refunded"

    @classmethod
    def of(cls, payment_id: PaymentId, asked: Money, currency: str) -> "RefundAmountInvalid":
        """What was asked, and the payment's currency."""
        return cls(
            f"A refund of payment {payment_id} is a positive amount of {currency}, not {asked}.",
            payment_id=payment_id,
            currency=currency,
        )


class RefundConflict(Refusal):
    """This refund id already names another refund."""

    code = "refund_conflict"
    title = "The refund is another one"

    @classmethod
    def of(cls, refund_id: RefundId) -> "RefundConflict":
        """The refund that differs from what was asked."""
        return cls(
            f"Refund {refund_id} was opened for another amount or payment. Use a new key for a new refund.",
            refund_id=refund_id,
        )


class PaymentStillOpen(Refusal):
    """The payment is not complete, so its parts are not refunded one by one: they all go back when its window closes."""

    code = "payment_still_open"
    title = "The payment is still open"

    @classmethod
    def of(cls, payment_id: PaymentId) -> "PaymentStillOpen":
        """The payment that waits for the rest."""
        return cls(
            f"Payment {payment_id} is not complete yet. Cancel the order: what was paid then goes back whole.",
            payment_id=payment_id,
        )


class CaptureNotSurplus(Refusal):
    """The capture is kept for the order, so it is refunded through the payment and not by naming the attempt."""

    code = "capture_not_surplus"
    title = "The capture is kept for the order"

    @classmethod
    def of(cls, attempt_id: AttemptId) -> "CaptureNotSurplus":
        """The attempt that brought no surplus."""
        return cls(
            f"Attempt {attempt_id} brought nothing that must go back whole. Refund the payment without naming it.",
            attempt_id=attempt_id,
        )


class RefundNotReleased(Refusal):
    """The refund is still under way or has succeeded, so it cannot be paid back by other means."""

    code = "refund_not_released"
    title = "The refund was not refused"

    @classmethod
    def of(cls, refund_id: RefundId, state: str) -> "RefundNotReleased":
        """The refund and where it stands."""
        return cls(
            f"Refund {refund_id} is {state}; only a refund that its channel refused is paid back by other means.",
            refund_id=refund_id,
            state=state,
        )


class NoRefundDecisionNeeded(Refusal):
    """The refund goes on by itself, or is over."""

    code = "no_refund_decision_needed"
    title = "No decision is waited for"
