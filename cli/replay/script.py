"""What is to be played: the shop before the first order, the orders in the order of their purchase, and how each ends."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cli.replay.differences import Difference

GoodKey = tuple[str, str]
"""Seller and product, as the files name them: what is priced, stocked and sold."""

UNNAMED = "unnamed"
"""The seller of what the files do not name."""


class Ending(StrEnum):
    """How far an order gets."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    SOLD_OUT = "sold out after payment"


ENDING_OF = {
    "created": Ending.PLACED,
    "approved": Ending.PAID,
    "processing": Ending.PAID,
    "invoiced": Ending.PAID,
    "shipped": Ending.SHIPPED,
    "delivered": Ending.DELIVERED,
    "canceled": Ending.CANCELLED,
    "unavailable": Ending.SOLD_OUT,
}
"""The files' word for an order's final state, and what a shop does for it."""

CHANNEL_OF = {
    "credit_card": "sandbox_card",
    "debit_card": "sandbox_debit_card",
    "voucher": "sandbox_voucher",
    "boleto": "sandbox_boleto",
}
"""The files' payment types, and the sandbox's channels."""

ANY_CHANNEL = "sandbox"
"""The wallet: for what the files do not say how it was paid."""


@dataclass(frozen=True)
class Seller:
    """A merchant with one warehouse. `automatic`: every one of its orders left the house, so parcels leave by themselves."""

    id: str
    city: str
    state: str
    postal_prefix: str
    automatic: bool


@dataclass(frozen=True)
class Good:
    """One SKU. `first_price` is that of the earliest order, `units` what all orders together want."""

    key: GoodKey
    title: str
    category: str
    weight_g: int
    first_price: int
    units: int
    most_at_once: int


@dataclass(frozen=True)
class Line:
    """So many units of a good at a price each."""

    good: GoodKey
    quantity: int
    price: int


@dataclass(frozen=True)
class Fee:
    """What sending a good to this buyer costs: for each unit, and once for the merchant's part of the order."""

    good: GoodKey
    per_unit: int
    base: int


@dataclass(frozen=True)
class Payment:
    """One of an order's payments, in the order of the files."""

    number: int
    channel: str
    kind: str
    instalments: int
    amount: int


@dataclass(frozen=True)
class Review:
    """What a buyer says once the order has arrived; `text` may be empty."""

    stars: int
    text: str


@dataclass(frozen=True)
class Buyer:
    """Where an order goes. Every order's buyer has a postal code of its own, so every freight can be exact."""

    person: str
    postal_code: str
    city: str
    state: str


@dataclass(frozen=True)
class PlayedOrder:
    """An order as the shop shall live it. `total` is what lines and freight make."""

    order_id: str
    filed_state: str
    ending: Ending
    bought_at: datetime
    buyer: Buyer
    lines: tuple[Line, ...]
    fees: tuple[Fee, ...]
    payments: tuple[Payment, ...]
    total: int
    collected_at: datetime | None = None
    """When a carrier had its parcels, as the files say."""
    signed_at: datetime | None = None
    review: Review | None = None
    """Posted for the first line. Only an order that is delivered has one."""
    new_prices: tuple[tuple[GoodKey, int], ...] = ()
    """Prices that an operator sets before this order."""
    waits_for: tuple[str, ...] = ()
    """Orders that must be placed before: they were bought at an earlier price."""


@dataclass(frozen=True)
class Filed:
    """What the files say in the end."""

    states: Counter[str]
    money_in: int
    money_out: int
    """Payments of cancelled and unavailable orders."""
    money_by_kind: Counter[str]
    reviews: int = 0
    stars: int = 0


@dataclass(frozen=True)
class Script:
    """Everything to be played, and what differs from the files already on paper."""

    sellers: tuple[Seller, ...]
    goods: tuple[Good, ...]
    orders: tuple[PlayedOrder, ...]
    differences: tuple[Difference, ...]
    filed: Filed
    fingerprint: str
