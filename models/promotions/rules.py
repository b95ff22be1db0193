"""The promotion engine: which offers count in a basket, what each saves on each line, and what the others would need.

Pure, in whole minor units. `reading.py` turns ids into places, `item_prices.py` and `basket_offers.py` say what one offer gives,
`choosing.py` (with `weighing.py`, `forgoing.py`) finds the choice that saves most, `apportioning.py` splits it to the cent,
`missing.py` says why the rest does not count. Why it is so: docs/decisions/0009-promotion-engine.md; what it does, by
examples: docs/promotion-examples.md.
"""

from collections import defaultdict
from collections.abc import Sequence

from models.promotions.choosing import choose
from models.promotions.missing import missed_offers
from models.promotions.preparing import Kind
from models.promotions.reading import Candidate, read
from models.promotions.types import Adjustment, AppliedOffer, Breakdown, OfferInForce, OfferLine
from models.promotions.weighing import poured
from models.shared import Money
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
    goods: dict[Candidate, dict[int, int]] = defaultdict(dict)
    shipping: dict[Candidate, dict[int, int]] = defaultdict(dict)
    for at, way in enumerate(best.ways):
        if way.by is not None:
            goods[way.by][at] = way.cut
    count = len(basket.skus)
    for (offer, _), shares in zip(best.picks, poured(basket, best.picks, best.values), strict=True):
        for at, share in shares.items():
            if share and offer.kind is Kind.SHIPPING:
                shipping[offer][at - count] = share
            elif share:
                goods[offer][at] = share
    saved = {offer: sum(shares.values()) for each in (goods, shipping) for offer, shares in each.items()}
    amounts = _Amounts(basket.currency)
    adjustments: list[list[Adjustment]] = [[] for _ in basket.skus]
    for offer in sorted(saved, key=lambda offer: (not offer.cuts, offer.rank)):
        on_shipping = offer in shipping
        shares = shipping[offer] if on_shipping else goods[offer]
        said = _said_of(offer.offer) | {"on_shipping": on_shipping}
        for at in sorted(shares):
            adjustments[at].append(Adjustment.of_valid({**said, "amount": amounts[shares[at]]}))
    applied = [
        AppliedOffer.of_valid(_said_of(offer.offer) | {"amount": amounts[saved[offer]]})
        for offer in sorted(saved, key=lambda offer: offer.rank)
    ]
    return Breakdown.of_valid(
        {
            "adjustments": {sku: tuple(made) for sku, made in zip(basket.skus, adjustments, strict=True) if made},
            "applied": tuple(applied),
            "missed": missed_offers(reading, best, saved),
        }
    )


def _said_of(offer: OfferInForce) -> dict[str, object]:
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
    """Each amount is made once. None is below zero; a sum may be more than one amount can hold, which is refused."""

    def __init__(self, currency: Currency) -> None:
        super().__init__()
        self._currency = currency

    def __missing__(self, minor: int) -> Money:
        fields = {"minor": minor, "currency": self._currency}
        made = self[minor] = Money.of_valid(fields) if minor <= MAX_MINOR else Money.model_validate(fields)
        return made
