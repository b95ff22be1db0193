"""What a cart is, and what is said about it. Quantities are whole units of one SKU."""

from enum import StrEnum
from typing import Literal

from models.orders.types import LineRequest, Quantity
from models.promotions.types import Adjustment, AppliedOffer, MissedOffer
from models.shared import Frozen, Instant, Money
from models.shared.ids import CartId, MerchantId, SkuId, SpuId, UserId
from models.shared.money import Currency

CartOwner = UserId | CartId
"""Whose cart: an account's, or the one a visitor knows the unguessable id of."""


class CartLine(Frozen):
    """So many of one SKU. A cart has at most one line of a SKU in each of its two lists."""

    sku_id: SkuId
    quantity: Quantity
    selected: bool = True
    """Whether the buyer means to check it out now. Says nothing on a line that is saved for later."""
    added_price: Money
    """What one unit cost when it was last added."""
    added_at: Instant


class Cart(Frozen):
    """Two lists, each in the order (`added_at`, `sku_id`). `version` grows with every change; 0 was never changed."""

    lines: tuple[CartLine, ...] = ()
    saved: tuple[CartLine, ...] = ()
    """Saved for later: not part of any sum."""
    version: int = 0


class Cap(Frozen):
    """How much of a SKU a cart may take when carts are merged."""

    limit: int
    """Units that one order may take; 0 when it is not for sale."""
    available: int
    """Units that could be sold right now."""


class MergeOutcome(StrEnum):
    """What became of one line of a visitor's cart."""

    WHOLE = "whole"
    LIMITED = "limited"
    """Cut to what one order may take."""
    SHORT = "short"
    """Cut to what is in stock."""
    SOLD_OUT = "sold_out"
    """None is left: saved for later."""
    NOT_FOR_SALE = "not_for_sale"
    """Unpublished or unknown: saved for later."""
    CART_FULL = "cart_full"
    """The cart holds as many lines as it can: saved for later."""
    LEFT_OUT = "left_out"
    """No room for it even in the list of what is saved for later."""


class MergedLine(Frozen):
    """One line of a visitor's cart and where it went. `had` units of the account and the `brought` ones are `now`."""

    sku_id: SkuId
    outcome: MergeOutcome
    place: Literal["cart", "saved"] | None
    """The account's list that has it now; None when it was left out."""
    had: int
    brought: int
    now: int


class MergeReport(Frozen):
    """How a visitor's cart went into an account's. Merging again is answered with the same report and changes nothing."""

    cart_id: CartId
    merged_at: Instant
    lines: tuple[MergedLine, ...]


class MarkKind(StrEnum):
    """What a buyer should know about a line before checkout."""

    PRICE_CHANGED = "price_changed"
    """One unit cost `was` when it was added. Does not keep anyone from buying."""
    ONLY_LEFT = "only_left"
    """Fewer than asked for: `left` units."""
    SOLD_OUT = "sold_out"
    ABOVE_LIMIT = "above_limit"
    """One order may take `limit` units."""
    UNPUBLISHED = "unpublished"
    SHIPS_LATER = "ships_later"
    """Not all of it is in stock: the rest ships by `ships_by`, in a parcel of its own. Does not keep anyone from buying."""
    UNKNOWN = "unknown"
    """There is no such SKU, or it has no price in force."""


class Mark(Frozen):
    """A mark and its figure."""

    kind: MarkKind
    was: Money | None = None
    left: int | None = None
    limit: int | None = None
    ships_by: Instant | None = None


class TrialLine(Frozen):
    """A line with what the catalogue and the stock say about it now. Amounts are there if the line is part of a sum."""

    sku_id: SkuId
    quantity: Quantity
    selected: bool
    added_at: Instant
    added_price: Money
    spu_id: SpuId | None = None
    merchant_id: MerchantId | None = None
    title: str | None = None
    options: str | None = None
    image_url: str | None = None
    unit_price: Money | None = None
    marks: tuple[Mark, ...] = ()
    buyable: bool
    """Whether checkout would take the line as it stands."""
    goods: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    total: Money | None = None
    adjustments: tuple[Adjustment, ...] = ()
    """Each promotion that applies, with what it saves on this line."""


class TrialRefusal(Frozen):
    """Why checkout would refuse these lines together."""

    code: str
    detail: str


class TrialSum(Frozen):
    """What the selected lines of one currency cost together; an order has one currency, so there is one sum for each.

    Either the amounts are there, or `refused`. `shipping` is None while it is not known where to: it is computed at
    checkout, and not part of `total`.
    """

    currency: Currency
    basket: tuple[LineRequest, ...]
    """What to ask checkout for: the selected lines that are `buyable`."""
    goods: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    total: Money | None = None
    applied: tuple[AppliedOffer, ...] = ()
    """Every offer that counts, with what it saves over all lines."""
    most_points: int = 0
    """How many points may pay a part of it; zero for visitors, who have none."""
    refused: TrialRefusal | None = None


class TrialPrice(Frozen):
    """A cart as checkout would see it at this moment. A trial, not a promise: nothing is reserved and no price is held."""

    lines: tuple[TrialLine, ...]
    saved: tuple[TrialLine, ...]
    sums: tuple[TrialSum, ...]
    """By currency; empty when nothing selected can be bought."""
    missed: tuple[MissedOffer, ...]
