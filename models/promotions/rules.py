"""The promotion engine: which offers count in a basket, what each saves on each line, and what the others would need.

Pure, in whole minor units. `preparing.py` says what an offer says, `rulebook.py` what all rules in force say; `reading.py` finds
their lines in a basket, `item_prices.py` and `basket_offers.py` say what one offer gives,
`choosing.py` (with `weighing.py`, `forgoing.py`) finds the choice that saves most, `apportioning.py` splits it to the cent,
`missing.py` says why the rest does not count. Why it is so: docs/decisions/0009-promotion-engine.md; what it does, by
examples: docs/promotion-examples.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from models.promotions.choosing import choose
from models.promotions.missing import missed_offers
from models.promotions.preparing import SHIPPING
from models.promotions.reading import Basket, Candidate, read
from models.promotions.types import Adjustment, AppliedOffer, Breakdown, OfferInForce, OfferLine
from models.promotions.weighing import Weighed, poured
from models.shared import Money
from models.shared.ids import SkuId
from models.shared.money import MAX_MINOR, Currency


def best_for_customer(lines: Sequence[OfferLine], offers: Sequence[OfferInForce], *, is_member: bool) -> Breakdown:
    """The offers that together save this buyer most on this basket, apportioned to the cent.

    No line costs less than nothing, no budget is exceeded, of an exclusion group at most one offer counts, and neither the order
    of lines nor that of offers changes an amount. A further item never raises what the others cost, a further offer never what
    the basket costs. Offers of another currency do not apply. `ValueError` for lines of several currencies or two prices of
    one SKU: mistakes in code.
    """
    if not lines:
        return Breakdown()
    reading = read(lines, offers, is_member=is_member)
    basket = reading.basket
    best = choose(basket, reading.candidates)
    goods, shipping = _shares(basket, best)
    saved = {offer: sum(shares.values()) for each in (goods, shipping) for offer, shares in each.items()}
    by_rank = sorted(saved, key=attrgetter("rank"))
    told = {offer: _told(offer.offer) for offer in by_rank}
    amounts = _Amounts(basket.currency)
    amounts.need(chain(saved.values(), *(shares.values() for each in (goods, shipping) for shares in each.values())))
    applied = AppliedOffer.all_of_valid([{**told[offer], "amount": amounts[saved[offer]]} for offer in by_rank])
    return Breakdown.of_valid(
        {
            "adjustments": _adjustments(basket, told, goods, shipping, amounts),
            "applied": tuple(applied),
            "missed": missed_offers(reading, best, saved, amounts),
        }
    )


_Shares = dict[Candidate, dict[int, int]]
"""What each offer takes off each line."""


def _shares(basket: Basket, best: Weighed) -> tuple[_Shares, _Shares]:
    """Of goods, and of shipping."""
    goods: _Shares = defaultdict(dict)
    shipping: _Shares = {}
    for at, way in enumerate(best.ways):
        if way.by is not None:
            goods[way.by][at] = way.cut
    count = len(basket.skus)
    for (offer, _), shares in zip(best.picks, poured(basket, best.picks, best.values), strict=True):
        given = {at: share for at, share in shares.items() if share}
        if given and offer.said.kind is SHIPPING:
            shipping[offer] = {at - count: share for at, share in given.items()}
        elif given:
            goods[offer] = given
    return goods, shipping


def _adjustments(
    basket: Basket, told: Mapping[Candidate, dict[str, Any]], goods: _Shares, shipping: _Shares, amounts: "_Amounts"
) -> dict[SkuId, tuple[Adjustment, ...]]:
    """Of each line: item prices first, then in the order of `told`."""
    lines: list[int] = []
    rows: list[dict[str, Any]] = []
    for offer in sorted(told, key=lambda offer: not offer.cuts):
        on_shipping = offer in shipping
        shares = (shipping if on_shipping else goods)[offer]
        said = {**told[offer], "on_shipping": on_shipping}
        lines.extend(shares)
        rows.extend([{**said, "amount": amounts[share]} for share in shares.values()])
    of_lines: list[list[Adjustment]] = [[] for _ in basket.skus]
    for at, made in zip(lines, Adjustment.all_of_valid(rows), strict=True):
        of_lines[at].append(made)
    return {sku_id: tuple(made) for sku_id, made in zip(basket.skus, of_lines, strict=True) if made}


def _told(offer: OfferInForce) -> dict[str, Any]:
    """What an answer repeats of an offer. It was validated with the offer, so answers need not do it again."""
    return {
        "rule_id": offer.rule_id,
        "rule_version": offer.rule_version,
        "label": offer.label,
        "amount": None,  # of each answer its own; it stands here for the order of the fields
        "source": offer.source,
        "coupon_id": offer.coupon_id,
    }


class _Amounts(dict[int, Money]):
    """Each amount is made once; all that are known to be needed, together. None is below zero; a sum may be more than one
    amount can hold, which is refused."""

    def __init__(self, currency: Currency) -> None:
        super().__init__()
        self._currency = currency

    def need(self, minors: Iterable[int]) -> None:
        """These will be asked for."""
        new = [minor for minor in set(minors) if minor <= MAX_MINOR]
        made = Money.all_of_valid([{"minor": minor, "currency": self._currency} for minor in new])
        self.update(zip(new, made, strict=True))

    def __missing__(self, minor: int) -> Money:
        fields = {"minor": minor, "currency": self._currency}
        made = self[minor] = Money.of_valid(fields) if minor <= MAX_MINOR else Money.model_validate(fields)
        return made
