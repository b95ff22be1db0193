"""A visitor's cart goes into an account's when someone logs in. Pure; the order of the lines changes nothing."""

from collections.abc import Mapping

from models.cart.rules import MAX_LINES, MAX_QUANTITY, Lines, by_sku, in_order, joined
from models.cart.types import Cap, Cart, CartLine, MergedLine, MergeOutcome
from models.shared.ids import SkuId

NOT_FOR_SALE = Cap(limit=0, available=0)


def merge(account: Cart, visitor: Cart, caps: Mapping[SkuId, Cap]) -> tuple[Cart, tuple[MergedLine, ...]]:
    """The account's cart with the visitor's lines in it, and what became of each of them.

    Units of a SKU are summed and cut to its cap; a SKU without a cap is not for sale. What cannot be in the cart (none
    left, not for sale, no room) is saved for later instead, together with the account's own units of it; only when that
    list is full too is the visitor's line left out and the account's own left alone. Lines of the account that the
    visitor's cart does not name stay as they are. Saved lines join saved lines, whatever the stock. When room runs out,
    older lines go first.
    """
    lines, saved = by_sku(account.lines), by_sku(account.saved)
    report = [
        _into_cart(line, lines, saved, caps.get(line.sku_id, NOT_FOR_SALE)) for line in _oldest_first(visitor.lines)
    ]
    report += [_into_saved(line, saved) for line in _oldest_first(visitor.saved)]
    return account.model_copy(update={"lines": in_order(lines), "saved": in_order(saved)}), tuple(report)


def _oldest_first(lines: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
    return in_order(by_sku(lines))


def _into_cart(line: CartLine, lines: Lines, saved: Lines, cap: Cap) -> MergedLine:
    own = lines.get(line.sku_id)
    obstacle = _obstacle(line.sku_id, lines, cap)
    if obstacle is not None:
        return _put_aside(line, lines, saved, obstacle)
    most = min(cap.limit, cap.available, MAX_QUANTITY)
    lines[line.sku_id] = put = joined(line, own, most)
    had = own.quantity if own else 0
    outcome = MergeOutcome.WHOLE
    if had + line.quantity > most:
        outcome = MergeOutcome.SHORT if cap.available < cap.limit else MergeOutcome.LIMITED
    return MergedLine(
        sku_id=line.sku_id, outcome=outcome, place="cart", had=had, brought=line.quantity, now=put.quantity
    )


def _obstacle(sku_id: SkuId, lines: Lines, cap: Cap) -> MergeOutcome | None:
    """Why the SKU cannot be in the cart; None if it can."""
    if cap.limit == 0:
        return MergeOutcome.NOT_FOR_SALE
    if cap.available == 0:
        return MergeOutcome.SOLD_OUT
    if sku_id not in lines and len(lines) >= MAX_LINES:
        return MergeOutcome.CART_FULL
    return None


def _put_aside(line: CartLine, lines: Lines, saved: Lines, why: MergeOutcome) -> MergedLine:
    own = lines.get(line.sku_id)
    had = own.quantity if own else 0
    if line.sku_id not in saved and len(saved) >= MAX_LINES:
        return MergedLine(
            sku_id=line.sku_id, outcome=MergeOutcome.LEFT_OUT, place=None, had=had, brought=line.quantity, now=had
        )
    lines.pop(line.sku_id, None)
    put = saved[line.sku_id] = joined(joined(line, own, MAX_QUANTITY), saved.get(line.sku_id), MAX_QUANTITY)
    return MergedLine(sku_id=line.sku_id, outcome=why, place="saved", had=had, brought=line.quantity, now=put.quantity)


def _into_saved(line: CartLine, saved: Lines) -> MergedLine:
    own = saved.get(line.sku_id)
    had = own.quantity if own else 0
    if own is None and len(saved) >= MAX_LINES:
        return MergedLine(
            sku_id=line.sku_id, outcome=MergeOutcome.LEFT_OUT, place=None, had=0, brought=line.quantity, now=0
        )
    put = saved[line.sku_id] = joined(line, own, MAX_QUANTITY)
    outcome = MergeOutcome.WHOLE if put.quantity == had + line.quantity else MergeOutcome.LIMITED
    return MergedLine(
        sku_id=line.sku_id, outcome=outcome, place="saved", had=had, brought=line.quantity, now=put.quantity
    )
