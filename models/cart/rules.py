"""Changes of a cart. Pure: the cart as it is goes in, the cart as it shall be comes out, or a refusal."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from models.cart.errors import CartFull
from models.cart.types import Cart, CartLine
from models.orders.errors import QuantityAboveLimit, SkuUnpublished, UnknownSku
from models.products.types import SellableSku
from models.shared.ids import SkuId
from models.shared.refusals import NotFound

MAX_LINES = 100
"""Different SKUs in a cart, and as many saved for later: what one order can hold."""
MAX_QUANTITY = 9_999
VISITOR_CART_LIFETIME = timedelta(days=30)
"""A visitor's cart lives so long after its last change."""

Lines = dict[SkuId, CartLine]


def for_sale(sku_id: SkuId, skus: Mapping[SkuId, SellableSku]) -> SellableSku:
    """The SKU, if it can be bought. Refuses `UnknownSku` and `SkuUnpublished`."""
    sku = skus.get(sku_id)
    if sku is None:
        raise UnknownSku(f"There is no {sku_id} for sale. Look for another product.", sku_ids=[sku_id])
    if not sku.is_published:
        raise SkuUnpublished(f"{sku.title} is no longer for sale. Save it for later or remove it.", sku_ids=[sku_id])
    return sku


def add(cart: Cart, sku: SellableSku, quantity: int, now: datetime) -> Cart:
    """So many units more, at today's price; the line keeps its place and becomes selected.

    Refuses `QuantityAboveLimit` for the units together, and `CartFull`. Stock is not asked: the trial price marks it.
    """
    lines = by_sku(cart.lines)
    line = lines.get(sku.sku_id)
    units = quantity + (line.quantity if line else 0)
    _check_limit(sku, units)
    lines[sku.sku_id] = CartLine(
        sku_id=sku.sku_id, quantity=units, added_price=sku.price, added_at=line.added_at if line else now
    )
    return _with_lines(cart, lines)


def set_quantity(cart: Cart, sku: SellableSku, quantity: int) -> Cart:
    """Exactly so many units of a line. Refuses `NotFound` and `QuantityAboveLimit`."""
    lines = by_sku(cart.lines)
    line = _line(lines, sku.sku_id, "cart")
    _check_limit(sku, quantity)
    lines[sku.sku_id] = line.model_copy(update={"quantity": quantity})
    return _with_lines(cart, lines)


def select(cart: Cart, sku_id: SkuId, selected: bool) -> Cart:
    """Whether a line is to be checked out. Refuses `NotFound`."""
    lines = by_sku(cart.lines)
    lines[sku_id] = _line(lines, sku_id, "cart").model_copy(update={"selected": selected})
    return _with_lines(cart, lines)


def select_only(cart: Cart, sku_ids: Collection[SkuId]) -> Cart:
    """Exactly these lines are to be checked out. Refuses `NotFound` for one that is not there."""
    lines = by_sku(cart.lines)
    for sku_id in sku_ids:
        _line(lines, sku_id, "cart")
    chosen = {k: line.model_copy(update={"selected": k in sku_ids}) for k, line in lines.items()}
    return _with_lines(cart, chosen)


def remove(cart: Cart, sku_id: SkuId) -> Cart:
    """Without that line; nothing changes if there is none."""
    return _with_lines(cart, {k: line for k, line in by_sku(cart.lines).items() if k != sku_id})


def clear(cart: Cart) -> Cart:
    """Without lines; what is saved for later stays."""
    return _with_lines(cart, {})


def remove_saved(cart: Cart, sku_id: SkuId) -> Cart:
    """Without that saved line; nothing changes if there is none."""
    return _with_saved(cart, {k: line for k, line in by_sku(cart.saved).items() if k != sku_id})


def save_for_later(cart: Cart, sku_id: SkuId) -> Cart:
    """The line moves to what is saved, joining units saved before. Doing it again changes nothing.

    Refuses `NotFound` for a SKU that is in neither list, and `CartFull`.
    """
    lines, saved = by_sku(cart.lines), by_sku(cart.saved)
    if sku_id not in lines and sku_id in saved:
        return cart
    line = _line(lines, sku_id, "cart")
    del lines[sku_id]
    saved[sku_id] = joined(line, saved.get(sku_id), MAX_QUANTITY)
    return _with_saved(_with_lines(cart, lines), saved)


def move_to_cart(cart: Cart, sku: SellableSku) -> Cart:
    """A saved line moves back, selected, joining units in the cart. Doing it again changes nothing.

    Refuses `NotFound` for a SKU that is in neither list, `QuantityAboveLimit` and `CartFull`.
    """
    lines, saved = by_sku(cart.lines), by_sku(cart.saved)
    if sku.sku_id not in saved and sku.sku_id in lines:
        return cart
    line = _line(saved, sku.sku_id, "list of what is saved for later")
    del saved[sku.sku_id]
    back = joined(line, lines.get(sku.sku_id), MAX_QUANTITY)
    _check_limit(sku, back.quantity)
    lines[sku.sku_id] = back.model_copy(update={"selected": True})
    return _with_saved(_with_lines(cart, lines), saved)


def joined(newer: CartLine, older: CartLine | None, cap: int) -> CartLine:
    """Two lines of one SKU as one: units summed up to `cap`, the newer one's price, the earlier place."""
    if older is None:
        return newer.model_copy(update={"quantity": min(newer.quantity, cap)})
    return CartLine(
        sku_id=newer.sku_id,
        quantity=min(newer.quantity + older.quantity, cap),
        selected=newer.selected or older.selected,
        added_price=newer.added_price,
        added_at=min(newer.added_at, older.added_at),
    )


def by_sku(lines: Iterable[CartLine]) -> Lines:
    """The lines of one list, each under its SKU."""
    return {line.sku_id: line for line in lines}


def in_order(lines: Lines) -> tuple[CartLine, ...]:
    """The lines as a cart lists them: the oldest first."""
    return tuple(sorted(lines.values(), key=lambda line: (line.added_at, line.sku_id)))


def _line(lines: Lines, sku_id: SkuId, place: str) -> CartLine:
    line = lines.get(sku_id)
    if line is None:
        raise NotFound(f"There is no {sku_id} in this {place}; read the cart to see what there is.", sku_id=sku_id)
    return line


def _with_lines(cart: Cart, lines: Lines) -> Cart:
    _check_room(lines, "A cart holds")
    return cart.model_copy(update={"lines": in_order(lines)})


def _with_saved(cart: Cart, saved: Lines) -> Cart:
    _check_room(saved, "The list of what is saved for later holds")
    return cart.model_copy(update={"saved": in_order(saved)})


def _check_room(lines: Lines, what: str) -> None:
    if len(lines) > MAX_LINES:
        raise CartFull(f"{what} {MAX_LINES} different articles. Remove one first.", limit=MAX_LINES)


def _check_limit(sku: SellableSku, units: int) -> None:
    if units > sku.max_per_order:
        raise QuantityAboveLimit(
            f"One order may take {sku.max_per_order} × {sku.title}, not {units}. Lower the quantity.",
            sku_ids=[sku.sku_id],
            limits={sku.sku_id: sku.max_per_order},
        )
