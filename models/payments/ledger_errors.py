"""How the books say no to chargebacks and adjustments."""

from models.shared import Money, Refusal
from models.shared.ids import AdjustmentId, AttemptId, ChargebackId


class NothingCaptured(Refusal):
    """The attempt brought no money, so none can be charged back."""

    code = "nothing_captured"
    title = "The attempt brought no money"

    @classmethod
    def of(cls, attempt_id: AttemptId) -> "NothingCaptured":
        """The attempt without a capture."""
        return cls(
            f"Attempt {attempt_id} brought no money. Look for the attempt of the transaction that the channel names.",
            attempt_id=attempt_id,
        )


class ChargebackExceedsCapture(Refusal):
    """The chargebacks of a capture never exceed it; `left` says what of it has not been charged back."""

    code = "chargeback_exceeds_capture"
    title = "More than the capture brought"

    @classmethod
    def of(cls, attempt_id: AttemptId, asked: Money, left: Money) -> "ChargebackExceedsCapture":
        """What was asked, and what of the capture has not been charged back."""
        return cls(
            f"Of the capture of attempt {attempt_id}, {left} has not been charged back, so {asked} cannot be. "
            "Look at its chargebacks: the case may be booked under another reference.",
            attempt_id=attempt_id,
            left=left.model_dump(),
        )


class ChargebackConflict(Refusal):
    """This case of the channel, or this chargeback id, is booked with another amount or for another attempt."""

    code = "chargeback_conflict"
    title = "The chargeback is another one"

    @classmethod
    def of(cls, chargeback_id: ChargebackId, reference: str) -> "ChargebackConflict":
        """The chargeback in the books, and the case asked for."""
        return cls(
            f"Case {reference} is booked as {chargeback_id}, for another amount or attempt. Correct it by an adjustment.",
            chargeback_id=chargeback_id,
        )


class AccountNotAdjustable(Refusal):
    """An operator adjusts accounts of channels and of expenses, never those that belong to payments."""

    code = "account_not_adjustable"
    title = "Not an account to adjust"

    @classmethod
    def of(cls, account: str, adjustable: tuple[str, ...]) -> "AccountNotAdjustable":
        """The account, and those that may be adjusted."""
        return cls(
            f"{account[:80]} cannot be adjusted. Choose two different accounts of {', '.join(adjustable)}.",
            account=account[:80],
        )


class AdjustmentConflict(Refusal):
    """This adjustment id already names another adjustment."""

    code = "adjustment_conflict"
    title = "The adjustment is another one"

    @classmethod
    def of(cls, adjustment_id: AdjustmentId) -> "AdjustmentConflict":
        """The adjustment that differs from what was asked."""
        return cls(
            f"Adjustment {adjustment_id} was written for other accounts or another amount. Use a new key for a new one.",
            adjustment_id=adjustment_id,
        )
