"""What should become of an order, written down anew from the specification: it imports nothing of the shop's own rules.

An `Expected` is one order with its payment, its tries to pay, its refunds and its parcel. Each method is something that happens, in
the order in which the sagas must see it. Amounts are minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ORDER_STEPS: Mapping[str, set[str]] = {
    "": {"pending_payment"},
    "pending_payment": {"paid", "cancelled"},
    "paid": {"completed", "cancelled"},
    "completed": set(),
    "cancelled": set(),
}
PAYMENT_STEPS: Mapping[str, set[str]] = {
    "": {"pending"},
    "pending": {"paid", "closed"},
    "paid": set(),
    "closed": set(),
}
TRY_STEPS: Mapping[str, set[str]] = {
    "": {"pending"},
    "pending": {"captured", "surplus", "closed"},
    "closed": {"captured", "surplus"},
    "captured": {"surplus"},
    "surplus": set(),
}
"""Money that came for a closed try is money all the same. What was kept goes back whole when its window closes unpaid."""
REFUND_STEPS: Mapping[str, set[str]] = {
    "": {"held"},
    "held": {"submitted"},
    "submitted": {"succeeded", "refused"},
    "refused": {"held", "other_means"},
    "succeeded": set(),
    "other_means": set(),
}
PARCEL_STEPS: Mapping[str, set[str]] = {
    "": {"picking"},
    "picking": {"outbound", "stopped"},
    "outbound": {"shipped", "stopped"},
    "shipped": {"delivered", "signed", "exception"},
    "delivered": {"signed", "exception"},
    "exception": {"picking", "delivered", "signed", "returning", "stopped"},
    "returning": {"returned"},
    "signed": set(),
    "returned": set(),
    "stopped": set(),
}


def leads(steps: Mapping[str, set[str]], before: str, after: str) -> bool:
    """Whether some way along the table leads from one state to the other."""
    reached, news = {before}, {before}
    while news:
        news = {state for known in news for state in steps[known]} - reached
        reached |= news
    return after in reached


@dataclass
class Benefits:
    """What one buyer has to spend beside money."""

    points: int
    coupon: str = "claimed"


@dataclass
class Shelf:
    """One SKU in its only warehouse."""

    price: int
    on_hand: int
    reserved: int = 0


@dataclass
class Provider:
    """In what mood the payment provider is."""

    refuses_refunds: bool = False


@dataclass
class Try:
    """One try to pay: as the provider has it, and as the shop has it."""

    attempt_id: str
    reference: str
    amount: int
    there: str = "pending"
    here: str = "pending"


@dataclass
class Back:
    """Money on its way back; `of` is the surplus it is, `restock` what lies on the shelf again once it is gone."""

    reason: str
    amount: int
    of: Try | None = None
    restock: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False
    state: str = "refused"
    over: bool = False
    """Refused, and nobody waits any more: all of it went back another way."""


@dataclass
class Expected:
    """One order."""

    shelves: Mapping[str, Shelf]
    benefits: Benefits
    provider: Provider
    lines: Mapping[str, int]
    total: int
    points: int = 0
    coupon: bool = False
    stage: str = "held"
    reason: str = ""
    steps: list[str] = field(default_factory=list)
    payment: str = ""
    captured: int = 0
    refunded: int = 0
    told_paid: bool = False
    tries: list[Try] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    parcel: str = ""
    inside: dict[str, int] = field(default_factory=dict)
    left_once: bool = False
    decidable: bool = False
    stock: str = "reserved"
    benefits_out: bool = False
    earned: int = 0
    earned_on: int = 0
    taken_back: int = 0
    quoted: int = 0
    """What it cost before an operator asked less."""

    def __post_init__(self) -> None:
        self.quoted = self.total

    @property
    def in_one_piece(self) -> bool:
        """Whether it only ever loses all of its units at once: what takes something off all lines makes parts hard to reckon."""
        return bool(self.points or self.coupon or self.total < self.quoted)

    # ---- placing -----------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        for sku, units in self.lines.items():
            self.shelves[sku].reserved += units

    def placed(self) -> None:
        self.stage, self.payment = "pending", "pending"
        self.steps.append("pending_payment")
        self.benefits_out = True
        self.benefits.points -= self.points
        if self.coupon:
            self.benefits.coupon = "locked"

    def lapsed(self) -> None:
        """The hold is over: the order never was."""
        self.stage = "gone"
        self._released()

    # ---- money comes -------------------------------------------------------------------------------------------------

    @property
    def owed(self) -> int:
        return self.total - self.captured

    @property
    def left(self) -> int:
        return self.captured - self.refunded

    def money_came(self, of: Try) -> None:
        """A true report was booked."""
        if of.here in ("captured", "surplus"):
            return
        if self.payment != "pending" or of.amount > self.owed:
            of.here = "surplus"
            self._goes_back("late_payment" if self.payment == "closed" else "duplicate_payment", of.amount, of=of)
            return
        of.here = "captured"
        self.captured += of.amount
        if self.owed == 0:
            self.payment = "paid"
            for other in [one for one in self.tries if one.here == "pending"]:
                self._closed_there(other)

    def _closed_there(self, one: Try) -> None:
        if one.there == "paid":
            self.money_came(one)
        else:
            one.there = one.here = "closed"

    def paid(self) -> None:
        """The order hears that its payment is complete, and knows it from then on, whatever becomes of its stock."""
        self.told_paid = True
        if self.stock == "released":
            self.stage = "undecided"
            return
        self.stock, self.stage, self.parcel = "committed", "fulfilling", "picking"
        self.inside = dict(self.lines)
        for sku, units in self.lines.items():
            self.shelves[sku].reserved -= units
            self.shelves[sku].on_hand -= units
        if self.coupon:
            self.benefits.coupon = "redeemed"
        self.steps.append("paid")

    def window_ends(self) -> None:
        """Every provider is asked a last time, then the window closes."""
        for one in [one for one in self.tries if one.here == "pending"]:
            if self.payment == "pending":
                self._closed_there(one)
        if self.payment == "pending":
            self.payment, self.captured = "closed", 0
            for one in self.tries:
                if one.here == "captured":
                    one.here = "surplus"
                    self._goes_back("order_cancelled", one.amount, of=one)

    def costs(self, less: int) -> bool:
        """An operator asks less. Every open try is closed first; False when money came, and the old price stays."""
        for one in [one for one in self.tries if one.here == "pending"]:
            self._closed_there(one)
        if self.captured:
            return False
        self.total = less
        return True

    # ---- money goes back ---------------------------------------------------------------------------------------------

    def _goes_back(
        self,
        reason: str,
        amount: int,
        *,
        of: Try | None = None,
        restock: Mapping[str, int] | None = None,
        whole: bool = False,
    ) -> None:
        """As much of the amount as is left; when nothing is, the goods lie on the shelf all the same."""
        amount = amount if of is not None else min(amount, self.left)
        back = Back(reason, amount, of, restock or {}, whole)
        if amount == 0:
            self._restocked(back.restock)
            return
        self.backs.append(back)
        if not self.provider.refuses_refunds:
            self.gone(back, "succeeded")

    def gone(self, back: Back, state: str) -> None:
        """The money is back where it came from."""
        back.state = state
        self._restocked(back.restock)
        if back.of is None:
            self.refunded += back.amount
            if back.whole:
                self._benefits_back()
            self._earns_less()

    def tried_again(self, back: Back) -> bool:
        """As much of it as is left; when nothing is, it is over, and False."""
        if back.of is None:
            back.amount = min(back.amount, self.left) or back.amount
        if back.of is None and self.left == 0:
            back.over = True
            self._restocked(back.restock)
        elif not self.provider.refuses_refunds:
            self.gone(back, "succeeded")
        return not back.over

    def refund(self, amount: int | None) -> None:
        """An operator gives so much back, or all that is left."""
        self._goes_back("by_operator", self.left if amount is None else amount, whole=amount is None)

    # ---- ends --------------------------------------------------------------------------------------------------------

    def cancelled(self, reason: str) -> None:
        """Called off, at any stage that allows it."""
        if self.stage == "held":
            self.lapsed()
            return
        if self.payment == "pending":
            self.window_ends()
        restock = self.lines if self.stock == "committed" else {}
        self._released()
        self.stage, self.reason = "cancelled", reason
        self.steps.append("cancelled")
        self.parcel = "stopped" if self.parcel else ""
        if self.payment == "paid":
            self.told_paid = True
        self._benefits_back()
        if self.payment == "paid":
            why = "stock_commit_failed" if reason == "stock_commit_failed" else "order_cancelled"
            self._goes_back(why, self.left, restock=restock)

    def completed(self) -> None:
        """One point for every hundred that was paid and is still here."""
        self.stage = "completed"
        self.steps.append("completed")
        gone = [back for back in self.backs if back.of is None and back.state != "refused"]
        self.earned_on = 0 if any(back.whole for back in gone) else self.total - sum(back.amount for back in gone)
        self.earned = self.earned_on // 100
        self.benefits.points += self.earned

    def _earns_less(self) -> None:
        """Points that were earned on money that went back afterwards, as far as the buyer has them."""
        if self.stage == "completed" and self.earned:
            since = self.earned_on - self.left
            whole = since >= self.earned_on or any(back.whole and back.state != "refused" for back in self.backs)
            due = self.earned if whole else self.earned * since // self.earned_on
            taken = min(max(due - self.taken_back, 0), self.benefits.points)
            self.taken_back += taken
            self.benefits.points -= taken

    # ---- the parcel --------------------------------------------------------------------------------------------------

    def let_out(self, missing: Mapping[str, int]) -> None:
        """Packed, and handed to a carrier; what was not found is paid back and stays lost."""
        for sku, units in missing.items():
            self.inside[sku] -= units
        self.inside = {sku: units for sku, units in self.inside.items() if units}
        self.parcel = "shipped" if self.inside else "stopped"
        self.left_once = self.left_once or bool(self.inside)
        if missing:
            self._goes_back("short_pick", self._worth(missing), whole=not self.inside)
        if not self.inside:
            self.completed()

    def reshipped(self) -> None:
        for sku, units in self.inside.items():
            self.shelves[sku].on_hand -= units
        self.parcel, self.decidable = "picking", False

    def given_up(self, reason: str, *, ends: str, restock: bool) -> None:
        """The parcel ends in a refund of what is in it."""
        self.parcel, self.decidable = ends, False
        self._goes_back(reason, self._worth(self.inside), restock=self.inside if restock else {}, whole=True)
        self.completed()

    def signed(self) -> None:
        self.parcel, self.stage, self.decidable = "signed", "delivered", False

    def _worth(self, lines: Mapping[str, int]) -> int:
        """What was paid for these units. See `in_one_piece`."""
        return self.total if lines == self.lines else sum(self.shelves[sku].price * n for sku, n in lines.items())

    # ---- what is given back ------------------------------------------------------------------------------------------

    def _released(self) -> None:
        if self.stock == "reserved":
            self.stock = "released"
            for sku, units in self.lines.items():
                self.shelves[sku].reserved -= units

    def taken_away(self) -> None:
        """An operator releases the stock of an order that waits for its payment: somebody's mistake."""
        self._released()

    def _restocked(self, lines: Mapping[str, int]) -> None:
        for sku, units in lines.items():
            self.shelves[sku].on_hand += units

    def _benefits_back(self) -> None:
        if self.benefits_out:
            self.benefits_out = False
            self.benefits.points += self.points
            if self.coupon:
                self.benefits.coupon = "claimed"

    # ---- what should stand in the books ------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        return self.steps[-1] if self.steps else ""

    @property
    def payment_status(self) -> str:
        if not self.told_paid:
            return "unpaid"
        if self.refunded >= self.total:
            return "refunded"
        if self.status == "cancelled":
            return "refunding"
        return "part_refunded" if self.refunded else "paid"
