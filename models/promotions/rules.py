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
from models.shared.ids import SkuId
from models.shared.money import Currency


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
    adjustments: dict[SkuId, list[Adjustment]] = {}
    for offer in sorted(saved, key=lambda offer: (not offer.cuts, offer.rank)):
        shares = shipping[offer] if offer.kind is Kind.SHIPPING else goods[offer]
        for at in sorted(shares):
            adjustments.setdefault(basket.skus[at], []).append(
                _adjustment(offer.offer, amounts[shares[at]], offer in shipping)
            )
    return Breakdown(
        adjustments={sku: tuple(adjustments[sku]) for sku in basket.skus if sku in adjustments},
        applied=tuple(
            AppliedOffer(
                rule_id=offer.offer.rule_id,
                rule_version=offer.offer.rule_version,
                label=offer.offer.label,
                amount=amounts[saved[offer]],
                source=offer.offer.source,
                coupon_id=offer.offer.coupon_id,
            )
            for offer in sorted(saved, key=lambda offer: offer.rank)
        ),
        missed=missed_offers(reading, best, saved),
    )


class _Amounts(dict[int, Money]):
    """Each amount is made once: building values is a good part of the engine's time."""

    def __init__(self, currency: Currency) -> None:
        super().__init__()
        self._currency = currency

    def __missing__(self, minor: int) -> Money:
        made = self[minor] = Money(minor=minor, currency=self._currency)
        return made


def _adjustment(offer: OfferInForce, amount: Money, on_shipping: bool) -> Adjustment:
    return Adjustment(
        rule_id=offer.rule_id,
        rule_version=offer.rule_version,
        label=offer.label,
        amount=amount,
        source=offer.source,
        coupon_id=offer.coupon_id,
        on_shipping=on_shipping,
    )
