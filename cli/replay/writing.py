"""Makes the script of a replay from what the files say. Pure: the same files always make the same script."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cli.replay.differences import amount
from cli.replay.draft import Draft, by_order
from cli.replay.files import FiledLine, FiledOrder, FiledPayment, FiledPlace, Marketplace
from cli.replay.reviewing import review_of
from cli.replay.script import (
    ANY_CHANNEL,
    CHANNEL_OF,
    ENDING_OF,
    UNNAMED,
    Buyer,
    Ending,
    Fee,
    Filed,
    Good,
    GoodKey,
    Line,
    Payment,
    PlayedOrder,
    Script,
    Seller,
)

_NOWHERE = "unknown"
_NO_CODE = re.compile(r"[^A-Za-z0-9._-]+")
"""What a category's code in the shop cannot hold."""
_MOST_INSTALMENTS = 48
_GIVEN_BACK = (Ending.CANCELLED, Ending.SOLD_OUT)


def write_script(files: Marketplace) -> Script:
    """What to play. Whatever the files lack or contradict is made up or left out, and listed."""
    draft = Draft(
        files,
        by_order(files.lines),
        by_order(files.payments),
        by_order(files.reviews),
        postal_codes(files.customers.values()),
    )
    draft.note_strays()
    by_time = sorted(files.orders, key=lambda order: (order.bought_at, order.order_id))
    played = [order for order in (_order(draft, filed) for filed in by_time) if order is not None]
    return Script(
        sellers=_sellers(draft, played),
        goods=_goods(draft, played),
        orders=_with_prices_in_time(played),
        differences=tuple(draft.differences),
        filed=_filed(draft),
        fingerprint=files.fingerprint,
    )


def postal_codes(customers: Iterable[FiledPlace]) -> dict[str, str]:
    """Customer id to a postal code of its own: the file's prefix, then three digits made up (the file holds only five)."""
    codes: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for customer in sorted(customers, key=lambda one: one.id):
        codes[customer.id] = f"{customer.postal_prefix}{taken[customer.postal_prefix]:03d}"
        taken[customer.postal_prefix] += 1
    return codes


# ---- one order -------------------------------------------------------------------------------------------------------


def _order(draft: Draft, filed: FiledOrder) -> PlayedOrder | None:
    payments = sorted(draft.payments.get(filed.order_id, []), key=lambda payment: payment.number)
    paid = sum(payment.amount for payment in payments)
    filed_lines = draft.lines.get(filed.order_id, [])
    if not filed_lines and not paid:
        draft.note(filed.order_id, "nothing to play", "the files have neither lines nor payments of it")
        review_of(draft, filed.order_id, None)
        return None
    lines, fees = _goods_and_freight(draft, filed, filed_lines) if filed_lines else _unnamed(draft, filed, paid)
    total = sum(line.price * line.quantity for line in lines)
    total += sum(fee.per_unit * line.quantity for fee, line in zip(fees, lines, strict=True)) + sum(_bases(fees))
    ending = _ending(draft, filed)
    return PlayedOrder(
        order_id=filed.order_id,
        filed_state=filed.state,
        ending=ending,
        bought_at=filed.bought_at,
        buyer=_buyer(draft, filed),
        lines=lines,
        fees=fees,
        payments=_payments(draft, filed.order_id, payments, total, ending),
        total=total,
        collected_at=filed.handed_to_carrier_at,
        signed_at=filed.delivered_at,
        review=review_of(draft, filed.order_id, ending),
    )


def _bases(fees: Sequence[Fee]) -> list[int]:
    """The one base fee of each merchant: the shop takes the highest, once."""
    highest: dict[str, int] = {}
    for fee in fees:
        highest[fee.good[0]] = max(highest.get(fee.good[0], 0), fee.base)
    return list(highest.values())


def _ending(draft: Draft, filed: FiledOrder) -> Ending:
    ending = ENDING_OF.get(filed.state)
    if ending is None:
        draft.note(filed.order_id, "unknown state", f"{filed.state!r} is played as paid")
        return Ending.PAID
    if ending in _GIVEN_BACK and filed.handed_to_carrier_at:
        draft.note(
            filed.order_id,
            f"{filed.state} after hand-over",
            "the shop calls it off before a carrier has it, as it must",
        )
    return ending


def _buyer(draft: Draft, filed: FiledOrder) -> Buyer:
    place = draft.files.customers.get(filed.customer_id)
    if place is None:
        draft.note(filed.order_id, "unknown customer", f"{filed.customer_id} is not in customers.csv; made up")
        own = f"000{int(filed.order_id.encode().hex(), 16) % 10**9:09d}"
        return Buyer(filed.customer_id, own, _NOWHERE, _NOWHERE)
    code = draft.postal_codes[filed.customer_id]
    return Buyer(place.person, code, place.city or _NOWHERE, place.state or _NOWHERE)


def _unnamed(draft: Draft, filed: FiledOrder, paid: int) -> tuple[tuple[Line, ...], tuple[Fee, ...]]:
    draft.note(
        filed.order_id,
        "order without lines",
        f"{filed.state}: one article the file does not name is sold for what was paid, {amount(paid)}",
    )
    good = (UNNAMED, filed.order_id)
    return (Line(good, 1, paid),), (Fee(good, 0, 0),)


def _goods_and_freight(
    draft: Draft, filed: FiledOrder, rows: Sequence[FiledLine]
) -> tuple[tuple[Line, ...], tuple[Fee, ...]]:
    """Units of one good become one line. What its units' freights do not share evenly goes into the merchant's base."""
    units: dict[GoodKey, list[FiledLine]] = defaultdict(list)
    for row in rows:
        units[row.seller_id, row.product_id].append(row)
    lines, even, rest = [], [], Counter[str]()
    for good, same in units.items():
        prices = sorted({row.price for row in same})
        if len(prices) > 1:
            kinds = ", ".join(map(amount, prices))
            draft.note(filed.order_id, "two prices at once", f"{good[1]} for {kinds}; all for {amount(same[0].price)}")
        lines.append(Line(good, len(same), same[0].price))
        per_unit, left = divmod(sum(row.freight for row in same), len(same))
        even.append((good, per_unit))
        rest[good[0]] += left
    return tuple(lines), tuple(Fee(good, per_unit, rest[good[0]]) for good, per_unit in even)


def _payments(
    draft: Draft, order_id: str, filed: Sequence[FiledPayment], total: int, ending: Ending
) -> tuple[Payment, ...]:
    """The file's payments, made to sum to what is owed: the last ones take what is missing or too much."""
    paid = sum(payment.amount for payment in filed)
    if ending is Ending.PLACED:
        if paid:
            draft.note(order_id, "payment never approved", f"{amount(paid)} are not paid: only placed", money_in=-paid)
        return ()
    if not paid and ending is Ending.CANCELLED:
        return ()
    if paid != total:
        back = total - paid if ending in _GIVEN_BACK else 0
        detail = f"payments make {amount(paid)}, lines and freight {amount(total)}: what is owed is paid"
        draft.note(order_id, "sums differ", detail, money_in=total - paid, money_out=back)
    planned = [_payment(draft, order_id, payment) for payment in filed if payment.amount > 0]
    for payment in filed:
        if payment.amount == 0:
            draft.note(order_id, "payment of nothing", f"{payment.kind} of 0.00 is left out")
    return fit(planned or [Payment(1, ANY_CHANNEL, "unknown", 1, 0)], total)


def _payment(draft: Draft, order_id: str, payment: FiledPayment) -> Payment:
    channel = CHANNEL_OF.get(payment.kind)
    if channel is None:
        detail = f"{payment.kind!r} of {amount(payment.amount)} is paid from the wallet"
        draft.note(order_id, "unknown payment type", detail)
        channel = ANY_CHANNEL
    instalments = min(max(payment.instalments, 1), _MOST_INSTALMENTS)
    return Payment(payment.number, channel, payment.kind, instalments, payment.amount)


def fit(payments: Sequence[Payment], total: int) -> tuple[Payment, ...]:
    """The same payments for exactly `total`: the last takes what is missing; what is too much is cut from the end."""
    fitted, left = [], total
    for payment in payments:
        fitted.append(replace(payment, amount=min(payment.amount, left)))
        left -= fitted[-1].amount
    fitted[-1] = replace(fitted[-1], amount=fitted[-1].amount + left)
    return tuple(payment for payment in fitted if payment.amount > 0)


# ---- the shop before the first order ---------------------------------------------------------------------------------


def _sellers(draft: Draft, played: Sequence[PlayedOrder]) -> tuple[Seller, ...]:
    all_left: dict[str, bool] = {}
    for order in played:
        for line in order.lines:
            left = order.ending in (Ending.SHIPPED, Ending.DELIVERED)
            all_left[line.good[0]] = all_left.get(line.good[0], True) and left
    return tuple(_seller(draft, seller_id, automatic=all_left[seller_id]) for seller_id in sorted(all_left))


def _seller(draft: Draft, seller_id: str, *, automatic: bool) -> Seller:
    place = draft.files.sellers.get(seller_id)
    if place is None:
        if seller_id != UNNAMED:
            draft.note(seller_id, "unknown seller", "not in sellers.csv; its place is made up")
        return Seller(seller_id, _NOWHERE, _NOWHERE, "", automatic)
    return Seller(seller_id, place.city or _NOWHERE, place.state or _NOWHERE, place.postal_prefix, automatic)


def _goods(draft: Draft, played: Sequence[PlayedOrder]) -> tuple[Good, ...]:
    first: dict[GoodKey, Line] = {}
    units: Counter[GoodKey] = Counter()
    most: Counter[GoodKey] = Counter()
    for order in played:
        for line in order.lines:
            first.setdefault(line.good, line)
            units[line.good] += line.quantity
            most[line.good] = max(most[line.good], line.quantity)
    return tuple(_good(draft, first[key], units[key], most[key]) for key in sorted(first))


def _good(draft: Draft, line: Line, units: int, most: int) -> Good:
    seller_id, product_id = line.good
    product = draft.files.products.get(product_id)
    if product is None and seller_id != UNNAMED:
        draft.note(product_id, "unknown product", "not in products.csv; category and weight are made up")
    category = _NO_CODE.sub("-", product.category if product else "").strip("-._")[:64] or _NOWHERE
    title = f"{category.replace('_', ' ').capitalize()} {product_id[:6]}"
    return Good(line.good, title, category, product.weight_g if product else 0, line.price, units, most)


def _with_prices_in_time(played: Sequence[PlayedOrder]) -> tuple[PlayedOrder, ...]:
    """Say before which orders a price changes. The first order at a new price waits for all at the old one, and the others
    at the new price wait for that first one; everything else goes side by side."""
    price: dict[GoodKey, int] = {}
    at_this_price: dict[GoodKey, list[str]] = defaultdict(list)
    changed: set[GoodKey] = set()
    result = []
    for order in played:
        new_prices, waits_for = [], set[str]()
        for line in order.lines:
            if price.setdefault(line.good, line.price) != line.price:
                new_prices.append((line.good, line.price))
                waits_for.update(at_this_price[line.good])
                price[line.good], at_this_price[line.good] = line.price, []
                changed.add(line.good)
            elif line.good in changed:
                waits_for.add(at_this_price[line.good][0])
            at_this_price[line.good].append(order.order_id)
        result.append(replace(order, new_prices=tuple(new_prices), waits_for=tuple(sorted(waits_for))))
    return tuple(result)


def _filed(draft: Draft) -> Filed:
    """What the files say in the end, of orders they know."""
    money: Counter[str] = Counter()
    money_out = 0
    for order in draft.files.orders:
        paid = draft.payments.get(order.order_id, [])
        for payment in paid:
            money[payment.kind] += payment.amount
        if ENDING_OF.get(order.state) in _GIVEN_BACK:
            money_out += sum(payment.amount for payment in paid)
    states = Counter(order.state for order in draft.files.orders)
    stars = [review.stars for order in draft.files.orders for review in draft.reviews.get(order.order_id, [])]
    return Filed(
        states=states,
        money_in=money.total(),
        money_out=money_out,
        money_by_kind=money,
        reviews=len(stars),
        stars=sum(stars),
    )
