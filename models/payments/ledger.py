"""The books of payments: double entry, one row a transfer.

A transfer moves one positive amount from the account it credits to the account it debits, so the books balance by their
form and not by care. It is written once per (kind, reference) and never changed; a mistake is corrected by another transfer.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from models.shared import Frozen, Instant, Money
from models.shared.ids import AdjustmentId, OrderId, PaymentId


class TransferKind(StrEnum):
    """What happened. The reference is the attempt for what concerns a capture, the leg for what concerns a refund, the
    chargeback and the adjustment for theirs."""

    CAPTURE = "capture"
    SURPLUS = "surplus"
    FEE = "fee"
    UNKEEP = "unkeep"
    """A capture that was kept in part payment goes back after all, because the window closed before the rest came."""
    REFUND_HOLD = "refund_hold"
    REFUND_RELEASE = "refund_release"
    REFUND = "refund"
    OTHER_MEANS = "other_means"
    FEE_CORRECTION = "fee_correction"
    """The channel states another fee than was booked. The reference is the attempt and the report that showed it."""
    CHARGEBACK = "chargeback"
    """The channel took money back."""
    CHARGEBACK_COVER = "chargeback_cover"
    """What was kept and has not gone back pays for a chargeback."""
    ADJUSTMENT = "adjustment"
    """An operator's word; the only kind that belongs to no payment."""


CUSTOMER_DEPOSITS = "customer_deposits"
"""Liability: money kept for orders."""
SURPLUS_DEPOSITS = "surplus_deposits"
"""Liability: money that came and must go back whole."""
REFUNDS_PAYABLE = "refunds_payable"
"""Liability: money on its way back."""
FEES = "fees"
"""Expense: what channels keep."""
OTHER_MEANS = "other_means"
"""Money paid back outside the channels, by an operator's word."""
CHARGEBACKS = "chargebacks"
"""Expense: chargebacks that nothing kept pays for, because the money had gone back before."""
ADJUSTMENTS = "adjustments"
"""What operators corrected, when nothing else stands against it."""

ADJUSTABLE = (FEES, OTHER_MEANS, CHARGEBACKS, ADJUSTMENTS)
"""Accounts that an operator may adjust, beside those of channels. Deposits and what is on its way back belong to payments:
they move with captures, refunds and chargebacks only, or the books would say something else than the payments."""

Account = Annotated[str, StringConstraints(min_length=1, max_length=80), Field(examples=[CUSTOMER_DEPOSITS])]
"""`channel:{name}` or one of the accounts above."""


def receivable(channel: str) -> str:
    """Asset: what this channel owes the shop."""
    return f"channel:{channel}"


class Transfer(Frozen):
    """One movement between two accounts. `amount` is positive."""

    kind: TransferKind
    reference: str
    debit: Annotated[str, Field(examples=["channel:sandbox_card"])]
    credit: Annotated[str, Field(examples=[CUSTOMER_DEPOSITS])]
    amount: Money


class BookedTransfer(Transfer):
    """A transfer in the books: its number, whom it concerns and when it was written. An adjustment concerns no payment."""

    number: int
    payment_id: PaymentId | None
    order_id: OrderId | None
    at: Instant


class Adjustment(Frozen):
    """A transfer that an operator wrote into the books, with the reason."""

    adjustment_id: AdjustmentId
    debit: Account
    credit: Account
    amount: Money
    reason: str
    actor: str
    at: Instant


class AccountBalance(Frozen):
    """Sums of one account in one currency, minor units. The debits of all accounts equal their credits."""

    account: str
    currency: str
    debit: int
    credit: int
    balance: int
    """Debits less credits: positive for what others owe us, negative for what we owe."""


class CurrencyTotal(Frozen):
    """All accounts of one currency together, minor units."""

    currency: str
    debit: int
    credit: int


class TrialBalance(Frozen):
    """The books as they stood: every account, and whether debits equal credits in each currency."""

    at: Instant
    accounts: tuple[AccountBalance, ...]
    totals: tuple[CurrencyTotal, ...]
    balanced: bool

    @classmethod
    def of(cls, at: datetime, accounts: Sequence[AccountBalance]) -> Self:
        """The sums of these accounts."""
        debits, credits_ = Counter[str](), Counter[str]()
        for entry in accounts:
            debits[entry.currency] += entry.debit
            credits_[entry.currency] += entry.credit
        totals = tuple(
            CurrencyTotal(currency=name, debit=debits[name], credit=credits_[name]) for name in sorted(debits)
        )
        balanced = all(total.debit == total.credit for total in totals)
        return cls(at=at, accounts=tuple(accounts), totals=totals, balanced=balanced)
