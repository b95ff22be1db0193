"""The books of payments: double entry, one row a transfer.

A transfer moves one positive amount from the account it credits to the account it debits, so the books balance by their
form and not by care. It is written once per (kind, reference) and never changed; a mistake is corrected by another transfer.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.shared import Frozen, Instant, Money
from models.shared.ids import OrderId, PaymentId


class TransferKind(StrEnum):
    """What happened. The reference is the attempt for what concerns a capture, the leg for what concerns a refund."""

    CAPTURE = "capture"
    SURPLUS = "surplus"
    FEE = "fee"
    UNKEEP = "unkeep"
    """A capture that was kept in part payment goes back after all, because the window closed before the rest came."""
    REFUND_HOLD = "refund_hold"
    REFUND_RELEASE = "refund_release"
    REFUND = "refund"
    OTHER_MEANS = "other_means"


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
    """A transfer in the books: its number, whom it concerns and when it was written."""

    number: int
    payment_id: PaymentId
    order_id: OrderId
    at: Instant


class AccountBalance(Frozen):
    """Sums of one account in one currency, minor units. The debits of all accounts equal their credits."""

    account: str
    currency: str
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        """Debits less credits: positive for what others owe us, negative for what we owe."""
        return self.debit - self.credit
