"""Words for the tests of carts."""

from datetime import timedelta

from models.cart.types import Cart, CartLine
from models.shared import Money
from models.shared.ids import SkuId
from tests.unit.orders.baskets import NOW, named


def line(name: str, quantity: int = 1, *, minutes: int = 0, price: int = 1000, selected: bool = True) -> CartLine:
    """So many of the SKU of that name, added `minutes` after the shop opened."""
    return CartLine(
        sku_id=named(SkuId, name),
        quantity=quantity,
        selected=selected,
        added_price=Money(minor=price),
        added_at=NOW + timedelta(minutes=minutes),
    )


def cart(*lines: CartLine, saved: tuple[CartLine, ...] = ()) -> Cart:
    """A cart of these lines, in its order."""

    def in_order(these: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
        return tuple(sorted(these, key=lambda one: (one.added_at, one.sku_id)))

    return Cart(lines=in_order(lines), saved=in_order(saved))


def quantities(lines: tuple[CartLine, ...]) -> dict[SkuId, int]:
    """How many of each SKU."""
    return {one.sku_id: one.quantity for one in lines}
