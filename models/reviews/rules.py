"""Who may say what about a review, and when: pure rules of the domain."""

from datetime import timedelta

from models.fulfillment.types import Shipment, ShipmentStatus
from models.orders.types import Order, OrderStatus, QuotedLine
from models.reviews.errors import NotYetReviewable, ReviewNotOpen
from models.reviews.types import HeldFor, Judgement, PartState, Review, ReviewPart, Verdict
from models.shared import Instant
from models.shared.refusals import NotFound

EDITABLE_FOR = timedelta(days=30)
"""From the day it was posted; afterwards readers and the shop may rely on what it says."""
FOLLOW_UP_WITHIN = timedelta(days=180)

STATE_AFTER: dict[Verdict, PartState] = {
    Verdict.PASS: PartState.PUBLISHED,
    Verdict.MASK: PartState.PUBLISHED,
    Verdict.HOLD: PartState.HELD,
    Verdict.REJECT: PartState.REJECTED,
}


def line_to_review(order: Order, line_no: int, parcels: list[Shipment]) -> QuotedLine:
    """The line, once it was received; `NotFound`, `NotYetReviewable`."""
    line = next((line for line in order.lines if line.line_no == line_no), None)
    if line is None:
        raise NotFound(f"This order has no line {line_no}.")
    if not is_received(order, line, parcels):
        raise NotYetReviewable("It can be reviewed once it was signed for or the order is completed.")
    return line


def is_received(order: Order, line: QuotedLine, parcels: list[Shipment]) -> bool:
    """Whether the order is completed, or every parcel with a piece of the line was signed for."""
    if order.status is OrderStatus.COMPLETED:
        return True
    carrying = [parcel for parcel in parcels if any(item.sku_id == line.sku_id for item in parcel.items)]
    return bool(carrying) and all(parcel.status is ShipmentStatus.SIGNED for parcel in carrying)


def author_shown(display_name: str, anonymous: bool) -> str:
    """The name others see: enough for its owner to know it."""
    name = display_name.strip()
    if anonymous or not name:
        return "***"
    return f"{name[0]}***{name[-1]}" if len(name) > 1 else f"{name}***"


def read_as(judgement: Judgement) -> tuple[PartState, HeldFor | None]:
    """What becomes of a text that was read so."""
    state = STATE_AFTER[judgement.verdict]
    return state, HeldFor.WORDS if state is PartState.HELD else None


def check_editable(review: Review, at: Instant) -> None:
    """Its author may write it anew while it is young, unless it was removed or an operator's word stands against it."""
    if review.main.state is PartState.REMOVED:
        raise ReviewNotOpen("This review was removed.")
    if review.main.decided_by is not None and review.main.state is PartState.REJECTED:
        raise ReviewNotOpen("An operator has taken this review down; it cannot be written anew.")
    if at > review.posted_at + EDITABLE_FOR:
        raise ReviewNotOpen(
            f"A review can be changed for {EDITABLE_FOR.days} days; you can still follow it up or remove it."
        )


def check_follow_up(review: Review, at: Instant) -> None:
    """Once, to a review that stands, within half a year."""
    if review.follow_up is not None:
        raise ReviewNotOpen("This review was followed up already.")
    if review.main.state is not PartState.PUBLISHED:
        raise ReviewNotOpen("Only a published review can be followed up.")
    if at > review.posted_at + FOLLOW_UP_WITHIN:
        raise ReviewNotOpen(f"A review can be followed up for {FOLLOW_UP_WITHIN.days} days.")


def check_appeal(part: ReviewPart | None) -> None:
    """Once, against a rejection."""
    if part is None or part.state is not PartState.REJECTED:
        raise ReviewNotOpen("Only what was rejected can be appealed.")
    if part.appeal is not None:
        raise ReviewNotOpen("This was appealed already; what an operator decided then stands.")


def check_decidable(part: ReviewPart | None) -> None:
    """An operator decides about anything its author has not removed."""
    if part is None or part.state is PartState.REMOVED:
        raise ReviewNotOpen("There is nothing to decide about: it was removed or never written.")
