"""What carts say over the wire beside the words of `models/cart`."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from api.spoken import Spoken
from models.cart.rules import MAX_LINES
from models.cart.types import TrialPrice
from models.orders.types import Quantity
from models.shared.ids import CartId, SkuId

_SKU = "sku_01jd8x4q2r7m9v3k5t6w8y0zab"
_LINE: dict[str, JsonValue] = {
    "sku_id": _SKU,
    "quantity": 2,
    "selected": True,
    "added_at": "2026-11-22T09:00:00Z",
    "added_price": {"minor": 21900, "currency": "CNY"},
    "spu_id": "spu_01jd8x4q2r7m9v3k5t6w8y0zab",
    "merchant_id": "mer_01jd8x4q2r7m9v3k5t6w8y0zab",
    "title": "Linen shirt 亚麻衬衫",
    "options": "Red / M",
    "image_url": None,
    "unit_price": {"minor": 19900, "currency": "CNY"},
    "marks": [
        {"kind": "price_changed", "was": {"minor": 21900, "currency": "CNY"}, "left": None, "limit": None},
    ],
    "buyable": True,
    "goods": {"minor": 39800, "currency": "CNY"},
    "discount": {"minor": 0, "currency": "CNY"},
    "shipping": None,
    "total": {"minor": 39800, "currency": "CNY"},
    "adjustments": [],
}
_SUM: dict[str, JsonValue] = {
    "currency": "CNY",
    "basket": [{"sku_id": _SKU, "quantity": 2}],
    "goods": {"minor": 39800, "currency": "CNY"},
    "discount": {"minor": 0, "currency": "CNY"},
    "shipping": None,
    "total": {"minor": 39800, "currency": "CNY"},
    "applied": [],
    "most_points": 9950,
    "refused": None,
}
_CART: dict[str, JsonValue] = {
    "cart_id": "crt_01jd8x4q2r7m9v3k5t6w8y0zab",
    "lines": [_LINE],
    "saved": [],
    "sums": [_SUM],
    "missed": [],
}


class CartView(TrialPrice):
    """A cart with its trial price."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CART]})

    cart_id: CartId | None
    """What to send as `X-Cart-Id`; null for the cart of an account, and for a visitor who has none yet."""


class AddRequest(Spoken):
    """So many units more of a SKU."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sku_id": _SKU, "quantity": 2}]})

    sku_id: SkuId
    quantity: Quantity = 1


class ChangeLineRequest(Spoken):
    """How a line shall be; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": 3}, {"selected": False}]})

    quantity: Quantity | None = None
    selected: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.quantity is None and self.selected is None:
            raise ValueError("name the quantity, selected, or both")
        return self


class SelectionRequest(Spoken):
    """Which lines are to be checked out: exactly these."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sku_ids": [_SKU]}]})

    sku_ids: Annotated[tuple[SkuId, ...], Field(max_length=MAX_LINES)]
