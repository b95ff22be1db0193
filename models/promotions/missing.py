"""Why an offer saves nothing here, and what it would take: for people a sentence, for programs the reason and figures."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from models.promotions.basket_offers import amount_of, by_ladder
from models.promotions.offers import NForM
from models.promotions.reading import Candidate, Kind, Reading
from models.promotions.types import MissedOffer, MissedReason, OfferInForce
from models.promotions.weighing import Weighed
from models.shared import Money
from models.shared.money import Currency

MOST_MISSED = 10
"""So many promotions are told of, the nearest first. Coupons are always told of: the buyer asked for them."""

_SENTENCES = {
    MissedReason.MEMBERS_ONLY: "for members only",
    MissedReason.NOTHING_LEFT: "used up",
    MissedReason.NOT_IN_SCOPE: "nothing in the basket counts for it",
}
_NEAREST_FIRST = {
    MissedReason.SHORT: 0,
    MissedReason.MEMBERS_ONLY: 1,
    MissedReason.EXCLUDED: 2,
    MissedReason.NO_GAIN: 3,
    MissedReason.NOTHING_LEFT: 4,
    MissedReason.NOT_IN_SCOPE: 5,
}


@dataclass(slots=True, frozen=True)
class _Told:
    """What becomes a `MissedOffer` if it is among the nearest."""

    offer: OfferInForce
    reason: MissedReason
    hint: str
    short_by: int = 0
    short_units: int = 0
    beaten_by: str | None = None
    brings: int | None = None
    """What is saved more above the next tier, of an offer that counts."""


def missed_offers(reading: Reading, best: Weighed, counting: Collection[Candidate]) -> tuple[MissedOffer, ...]:
    """Coupons first, then what needs least."""
    told = [
        *(_Told(offer, reason, _SENTENCES[reason]) for offer, reason in reading.ruled_out),
        *_Explaining(reading, best, counting).all(),
    ]
    told.sort(key=_usefulness)
    coupons = [one for one in told if one.offer.coupon_id is not None]
    others = [one for one in told if one.offer.coupon_id is None]
    return tuple(_missed(one, reading.basket.currency) for one in (*coupons, *others[:MOST_MISSED]))


def _usefulness(told: _Told) -> tuple[int, int, int, str, str]:
    return (
        _NEAREST_FIRST[told.reason],
        told.short_units,
        told.short_by,
        told.offer.rule_id,
        told.offer.coupon_id or "",
    )


def _missed(told: _Told, currency: Currency) -> MissedOffer:
    short_by = Money(minor=told.short_by, currency=currency) if told.short_by else None
    hint = told.hint
    if short_by is not None:
        hint = f"spend {short_by} more"
        if told.brings is not None:
            hint += f" to save {Money(minor=told.brings, currency=currency)} more"
    return MissedOffer(
        rule_id=told.offer.rule_id,
        label=told.offer.label,
        hint=hint,
        reason=told.reason,
        short_by=short_by,
        short_units=told.short_units or None,
        coupon_id=told.offer.coupon_id,
        beaten_by=told.beaten_by,
    )


class _Explaining:
    def __init__(self, reading: Reading, best: Weighed, counting: Collection[Candidate]) -> None:
        self._reading, self._basket, self._best, self._counting = reading, reading.basket, best, counting
        self._of_group = {offer.group: offer for offer in counting if offer.group is not None}
        self._counts_on: dict[int, Candidate] = {}
        for offer in sorted(counting, key=lambda offer: -offer.rank):
            self._counts_on.update(dict.fromkeys(offer.cuts or offer.lines, offer))

    def all(self) -> Iterator[_Told]:
        """What there is to say of every offer that may count."""
        for offer in self._reading.candidates:
            told = self._next_tier(offer) if offer in self._counting else self._why_not(offer)
            if told is not None:
                yield told

    def _why_not(self, offer: Candidate) -> _Told | None:
        if offer.kind is Kind.ITEM:
            would_save = sum(offer.cuts.values())
        else:
            would_save = amount_of(offer, self._base(offer), self._basket, self._best.ways, self._basket.shipping)
        if would_save:
            return self._beaten(offer)
        return self._short(offer) or self._nothing_to_save(offer)

    def _beaten(self, offer: Candidate) -> _Told:
        winner = self._of_group.get(offer.group) if offer.group is not None else None
        if winner is not None:
            hint = f"not together with {winner.offer.label}, which counts instead"
            return _Told(offer.offer, MissedReason.EXCLUDED, hint, beaten_by=winner.offer.rule_id)
        on_its_lines = (self._best.ways[at].by or self._counts_on.get(at) for at in offer.cuts or offer.lines)
        winner = next((other for other in on_its_lines if other is not None), None)
        hint = "other offers save as much or more"
        return _Told(offer.offer, MissedReason.NO_GAIN, hint, beaten_by=winner.offer.rule_id if winner else None)

    def _short(self, offer: Candidate) -> _Told | None:
        if isinstance(offer.terms, NForM):
            counts = [self._basket.quantities[at] for at in offer.lines]
            lacking = offer.terms.take - (sum(counts) if offer.terms.mix else max(counts))
            if lacking <= 0:
                return None
            return _Told(offer.offer, MissedReason.SHORT, f"add {lacking} more", short_units=lacking)
        short_by = offer.steps[0][0] - self._base(offer) if offer.steps else 0
        return _Told(offer.offer, MissedReason.SHORT, "", short_by=short_by) if short_by > 0 else None

    def _nothing_to_save(self, offer: Candidate) -> _Told | None:
        """Its goods or their shipping are free already, or the shipping is not known yet: of interest for a coupon only."""
        if offer.offer.coupon_id is None:
            return None
        unknown = offer.kind is Kind.SHIPPING and not self._basket.is_shipping_known
        hint = "counts once it is known where to send the goods" if unknown else "there is nothing left to save"
        return _Told(offer.offer, MissedReason.NO_GAIN, hint)

    def _next_tier(self, offer: Candidate) -> _Told | None:
        """What the tier above would save more. Not for coupons: one that counts is not missed."""
        if offer.offer.coupon_id is not None or offer.kind not in (Kind.SAVE, Kind.PERCENT):
            return None
        base = self._base(offer)
        above = [at for at, _ in offer.steps if at > base]
        if offer.repeats:
            above = [(base // offer.steps[0][0] + 1) * offer.steps[0][0]]
        if not above:
            return None
        now, then = by_ladder(offer, base), by_ladder(offer, above[0])
        if offer.left is not None:
            now, then = min(now, offer.left), min(then, offer.left)
        if then <= now:
            return None
        return _Told(offer.offer, MissedReason.SHORT, "", short_by=above[0] - base, brings=then - now)

    def _base(self, offer: Candidate) -> int:
        known = self._best.bases.get(offer.scope)
        return sum(self._best.values[at] for at in offer.lines) if known is None else known
