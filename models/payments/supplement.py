"""What `Supplement` is told and answers: money that came unheard, and orders that nobody looks after."""

from datetime import timedelta
from enum import StrEnum

from models.orders.messages import Placement
from models.shared import Frozen, Instant
from models.shared.ids import AttemptId, OrderId


class SupplementInput(Frozen):
    """One look at everything that waits."""

    pending_for: timedelta = timedelta(minutes=5)
    """An attempt that has waited so long is asked about at its channel."""
    grace: timedelta = timedelta(minutes=20)
    """How long after its time an order may still be moved by its own sagas; above `PaymentTimeoutInput.silence`."""
    placement: Placement = "inline"


class WaitingSince(Frozen):
    """Which channels have attempts that were opened before `moment` and neither paid nor closed?"""

    moment: Instant


class ChannelsWaiting(Frozen):
    """The channels to ask."""

    channels: tuple[str, ...]


class AskAttempts(Frozen):
    """Ask one channel about its waiting attempts, a page of them, after `after`."""

    channel: str
    moment: Instant
    after: AttemptId | None = None


class AttemptsAsked(Frozen):
    """What the channel said about a page of attempts."""

    asked: int = 0
    paid: int = 0
    """Reported to their payment windows as if the callback had come."""
    closed: int = 0
    """Nobody can pay them any more, or the channel does not know them: closed here, too."""
    silent: int = 0
    """No answer, or one that makes no sense: asked again in the next run."""
    down: bool = False
    """The channel answered nothing at all; the rest of its attempts waits for the next run."""
    after: AttemptId | None = None
    """Where the next page begins; None when this was the last."""


class StrandedCase(StrEnum):
    """How an order and what looks after it disagree."""

    WINDOW_WITHOUT_SAGA = "window_without_saga"
    """The payment's time is over, and no `PaymentTimeout` runs that would end it."""
    SETTLEMENT_UNHEARD = "settlement_unheard"
    """The payment has ended, and the order's `Checkout` still waits for the word."""
    ORDER_WITHOUT_SAGA = "order_without_saga"
    """The order is not finished, and no `Checkout` runs that would finish it."""


REPAIRED_BY_ITSELF = frozenset({StrandedCase.WINDOW_WITHOUT_SAGA, StrandedCase.SETTLEMENT_UNHEARD})
"""Safe to repair, since the repair is what the saga itself would repeat: a window that runs again asks the channels, closes
there and reports; an order takes the first word about its payment only. An order whose own process is gone has steps behind
it that nobody can count from outside: a person decides."""


class Stranded(Frozen):
    """One order that nobody looks after."""

    order_id: OrderId
    case: StrandedCase
    detail: str


class FindStranded(Frozen):
    """What should have moved before `moment` and did not?"""

    moment: Instant


class StrandedOrders(Frozen):
    """The oldest of them, a bounded number; `more` says that there are others."""

    found: tuple[Stranded, ...] = ()
    looked_at: int = 0
    more: bool = False


class TakeUpWindow(Frozen):
    """Run the payment window of this order again."""

    order_id: OrderId
    placement: Placement


class Supplemented(Frozen):
    """What one run of `Supplement` did."""

    asked: int = 0
    paid: int = 0
    closed: int = 0
    silent: int = 0
    channels_down: tuple[str, ...] = ()
    repaired: tuple[Stranded, ...] = ()
    for_a_person: tuple[Stranded, ...] = ()
    unfinished: bool = False
    """Something is left for the next run: a page limit was reached, or a part could not be done."""
