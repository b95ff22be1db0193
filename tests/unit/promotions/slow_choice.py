"""The best choice by trying every choice: slow, plain, and written without the engine, to be compared with it."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from models.promotions.offers import DirectCut, FreeShipping, NForM, Scope, SpendPercent, SpendSave, TimedPrice
from models.promotions.types import OfferInForce, OfferLine


def most_that_can_be_saved(lines: Sequence[OfferLine], offers: Sequence[OfferInForce], *, is_member: bool) -> int:
    """Over every choice of one member a group and of one item price a line."""
    usable = [
        offer
        for offer in offers
        if not offer.is_exhausted
        and (offer.left is None or offer.left.minor > 0)
        and (is_member or not offer.members_only)
    ]
    groups = {offer.group for offer in usable if offer.group}
    return max(
        _most_of_item_prices(lines, [offer for offer in usable if offer.group is None or offer in chosen])
        for chosen in product(*([None, *(offer for offer in usable if offer.group == group)] for group in groups))
    )


def _most_of_item_prices(lines: Sequence[OfferLine], offers: Sequence[OfferInForce]) -> int:
    cuts = {id(offer): [_cut(offer, line) for line in lines] for offer in offers}
    items = [offer for offer in offers if sum(cuts[id(offer)]) and _lasts(offer, cuts[id(offer)])]
    return max(
        _saved(lines, offers, cuts, choice)
        for choice in product(*([None, *(o for o in items if cuts[id(o)][at])] for at in range(len(lines))))
    )


def _lasts(offer: OfferInForce, cuts: Sequence[int]) -> bool:
    return offer.left is None or sum(cuts) <= offer.left.minor


def _saved(
    lines: Sequence[OfferLine],
    offers: Sequence[OfferInForce],
    cuts: dict[int, list[int]],
    choice: Sequence[OfferInForce | None],
) -> int:
    taken = [0 if offer is None else cuts[id(offer)][at] for at, offer in enumerate(choice)]
    values = [line.unit_price.minor * line.quantity - cut for line, cut in zip(lines, taken, strict=True)]
    shipping = [line.shipping.minor if line.shipping is not None else 0 for line in lines]
    on_goods, on_shipping = [], []
    for offer in offers:
        scope = [_has(offer.scope, line) for line in lines]
        base = sum(value for value, inside in zip(values, scope, strict=True) if inside)
        terms = offer.offer
        if isinstance(terms, FreeShipping):
            if base >= terms.at.minor:
                on_shipping.append((10**9, [10**9 * inside for inside in scope], offer))
        elif isinstance(terms, NForM) and terms.mix:
            on_goods.append((_mixed(terms, lines, scope, choice, taken), [10**9 * inside for inside in scope], offer))
        elif isinstance(terms, SpendSave | SpendPercent):
            on_goods.append((_ladder(terms, base), [10**9 * inside for inside in scope], offer))
        elif not _lasts(offer, cuts[id(offer)]):
            on_goods.append((10**9, cuts[id(offer)], offer))
    return sum(taken) + _flow(on_goods, values) + _flow(on_shipping, shipping)


def _flow(wanted: Sequence[tuple[int, Sequence[int], OfferInForce]], room: Sequence[int]) -> int:
    """The largest flow is the smallest cut."""
    return min(
        sum(room[at] for at in cut_off)
        + sum(
            min(
                amount if offer.left is None else min(amount, offer.left.minor),
                sum(limits[at] for at in range(len(room)) if at not in cut_off),
            )
            for amount, limits, offer in wanted
        )
        for cut_off in _subsets(len(room))
    )


def _subsets(count: int) -> Iterator[frozenset[int]]:
    for size in range(count + 1):
        yield from map(frozenset, combinations(range(count), size))


def _ladder(terms: SpendSave | SpendPercent, base: int) -> int:
    tiers = [tier for tier in terms.tiers if tier.at.minor <= base]
    if not tiers:
        return 0
    if isinstance(terms, SpendSave):
        return tiers[-1].off.minor * (base // tiers[-1].at.minor if terms.repeats else 1)  # type: ignore[union-attr]
    amount = base * tiers[-1].percent // 100  # type: ignore[union-attr]
    return min(amount, terms.at_most.minor) if terms.at_most else amount


def _mixed(
    terms: NForM,
    lines: Sequence[OfferLine],
    scope: Sequence[bool],
    choice: Sequence[OfferInForce | None],
    taken: Sequence[int],
) -> int:
    units: list[int] = []
    for at, line in enumerate(lines):
        by = choice[at]
        if not scope[at]:
            continue
        if by is not None and isinstance(by.offer, NForM):
            free = line.quantity // by.offer.take * (by.offer.take - by.offer.pay)
            units += [0] * free + [line.unit_price.minor] * (line.quantity - free)
        else:
            units += [line.unit_price.minor - taken[at] // line.quantity] * line.quantity
    units.sort(reverse=True)
    groups = [units[n : n + terms.take] for n in range(0, len(units) - terms.take + 1, terms.take)]
    return sum(sum(group[terms.pay :]) for group in groups)


def _cut(offer: OfferInForce, line: OfferLine) -> int:
    terms, price = offer.offer, line.unit_price.minor
    if not _has(offer.scope, line):
        return 0
    if isinstance(terms, DirectCut):
        return min(terms.off.minor, price) * line.quantity
    if isinstance(terms, TimedPrice):
        return sum(max(0, price - one.price.minor) for one in terms.prices if one.sku_id == line.sku_id) * line.quantity
    if isinstance(terms, NForM) and not terms.mix:
        return line.quantity // terms.take * (terms.take - terms.pay) * price
    return 0


def _has(scope: Scope, line: OfferLine) -> bool:
    named = [*scope.skus, *scope.products, *scope.categories, *scope.brands, *scope.merchants]
    out = {*scope.excluded_skus, *scope.excluded_products, *scope.excluded_categories, *scope.excluded_brands}
    carried = {line.sku_id, line.spu_id, line.merchant_id, line.brand_id, *line.category_ids}
    return (not named or not carried.isdisjoint(named)) and carried.isdisjoint(out)
