"""How after-sales say no."""

from models.shared import Instant, Money, Refusal
from models.shared.ids import AftersaleId, OrderId, SkuId


class IllegalAftersaleStep(Refusal):
    """A case takes only the steps of its table of states."""

    code = "illegal_aftersale_step"
    title = "The case cannot go there"


class AftersaleNotOpen(Refusal):
    """The order cannot have after-sales (yet): nothing of it was paid and signed for."""

    code = "aftersale_not_open"
    title = "Nothing arrived that could come back"

    @classmethod
    def of(cls, order_id: OrderId, status: str) -> "AftersaleNotOpen":
        """The order and its state."""
        return cls(
            f"Order {order_id} is {status}. After-sales are open for what was signed for; before that, cancel the order.",
            order_id=order_id,
            order_status=status,
        )


class AftersaleWindowOver(Refusal):
    """The time to apply has passed."""

    code = "aftersale_window_over"
    title = "The after-sale window is over"

    @classmethod
    def of(cls, order_id: OrderId, until: Instant) -> "AftersaleWindowOver":
        """The order and when its window closed."""
        return cls(
            f"After-sales of order {order_id} were open until {until.isoformat()}. Write to customer service.",
            order_id=order_id,
            open_until=until.isoformat(),
        )


class ClaimExceedsLeft(Refusal):
    """More units than were bought, arrived, and are neither paid back nor spoken of by another case."""

    code = "claim_exceeds_left"
    title = "More than is left to claim"

    @classmethod
    def of(cls, order_id: OrderId, sku_id: SkuId, wanted: int, left: int) -> "ClaimExceedsLeft":
        """What was wanted and what is left."""
        return cls(
            f"Of {sku_id} in order {order_id} {left} unit(s) can be claimed, not {wanted}: count what has not arrived, what was"
            " paid back, and what other cases are about. Apply for less.",
            order_id=order_id,
            sku_id=sku_id,
            left=left,
        )


class UnitsClaimed(Refusal):
    """An open after-sale is about these units; a refund of them would pay twice."""

    code = "units_claimed"
    title = "An after-sale is about these units"

    @classmethod
    def of(cls, order_id: OrderId, sku_id: SkuId, left: int) -> "UnitsClaimed":
        """The units that are free."""
        return cls(
            f"Of {sku_id} in order {order_id} only {left} unit(s) are free of after-sales. Decide the case, or refund less.",
            order_id=order_id,
            sku_id=sku_id,
            left=left,
        )


class AftersaleConflict(Refusal):
    """A case of this id stands for something else."""

    code = "aftersale_conflict"
    title = "This is another case"


class AftersaleNotWaiting(Refusal):
    """The case is not where this can be asked of it."""

    code = "aftersale_not_waiting"
    title = "The case does not wait for this"

    @classmethod
    def of(cls, aftersale_id: AftersaleId, state: str, words: str) -> "AftersaleNotWaiting":
        """Where it is, and what it would have to be."""
        return cls(
            f"Case {aftersale_id} is {state}, not {words}. Read it again.",
            aftersale_id=aftersale_id,
            state=state,
        )


class ReturnWaybillTaken(Refusal):
    """A waybill belongs to one case."""

    code = "return_waybill_taken"
    title = "The waybill belongs to another case"


class AppealUsedUp(Refusal):
    """A rejection may be appealed once."""

    code = "appeal_used_up"
    title = "The appeal was used"


class InspectionMismatch(Refusal):
    """An inspection speaks of every line of its case, once, and of no more than came."""

    code = "inspection_mismatch"
    title = "The inspection does not fit the case"


class RefundNotLower(Refusal):
    """A refund can be lowered, never raised above what was really paid and is left."""

    code = "refund_not_lower"
    title = "That is not less"

    @classmethod
    def of(cls, aftersale_id: AftersaleId, wanted: Money, most: Money) -> "RefundNotLower":
        """What was wanted and what it must stay below."""
        return cls(
            f"Case {aftersale_id} brings {most} at most; {wanted} is not less. An amount of its own is a refund by operators.",
            aftersale_id=aftersale_id,
            most=most.model_dump(),
        )


class EvidenceUnknown(Refusal):
    """No such picture among your uploads, or it belongs to another case."""

    code = "evidence_unknown"
    title = "There is no such picture"


class EvidenceRefused(Refusal):
    """The file is not a picture that can be used."""

    code = "evidence_refused"
    title = "The file was refused"


class EvidenceFull(Refusal):
    """Too many pictures wait for a case."""

    code = "evidence_full"
    title = "Too many pictures"
