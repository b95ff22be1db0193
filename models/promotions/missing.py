"""Why an offer saves nothing here, and what it would take: for people a sentence, for programs the reason and figures."""

from collections.abc import Collection, Iterator

from models.promotions.basket_offers import amount_of, by_ladder
from models.promotions.offers import NForM
from models.promotions.reading import Candidate, Kind, Reading
from models.promotions.types import MissedOffer, MissedReason, OfferInForce
from models.promotions.weighing import Weighed
from models.shared import Money

MOST_MISSED = 20
"""So many promotions are told of, the nearest first. Coupons are always told of: the buyer asked for them."""

_SENTENCES = {
    MissedReason.MEMBERS_ONLY: "for members only",
    MissedReason.NOTHING_LEFT: "used up",
    MissedReason.NOT_IN_SCOPE: "nothing in the basket counts for it",
}
_NEAREST_FIRST = (
    MissedReason.SHORT,
    MissedReason.MEMBERS_ONLY,
    MissedReason.EXCLUDED,
    MissedReason.NO_GAIN,
    MissedReason.NOTHING_LEFT,
    MissedReason.NOT_IN_SCOPE,
)


def missed_offers(reading: Reading, best: Weighed, counting: Collection[Candidate]) -> tuple[MissedOffer, ...]:
    """Coupons first, then what needs least."""
    told = [
        *(_ruled_out(offer, reason) for offer, reason in reading.ruled_out),
        *_Explaining(reading, best, counting).all(),
    ]
    told.sort(key=_usefulness)
    coupons = [missed for missed in told if missed.coupon_id is not None]
    others = [missed for missed in told if missed.coupon_id is None]
    return (*coupons, *others[:MOST_MISSED])


def _usefulness(missed: MissedOffer) -> tuple[int, int, int, str, str]:
    return (
        _NEAREST_FIRST.index(missed.reason),
        missed.short_units or 0,
        missed.short_by.minor if missed.short_by else 0,
        missed.rule_id,
        missed.coupon_id or "",
    )


def _ruled_out(offer: OfferInForce, reason: MissedReason) -> MissedOffer:
    return MissedOffer(
        rule_id=offer.rule_id,
        label=offer.label,
        hint=_SENTENCES[reason],
        reason=reason,
        coupon_id=offer.coupon_id,
    )


class _Explaining:
    def __init__(self, reading: Reading, best: Weighed, counting: Collection[Candidate]) -> None:
        self._reading, self._basket, self._best, self._counting = reading, reading.basket, best, counting
        self._of_group = {offer.group: offer for offer in counting if offer.group is not None}

    def all(self) -> Iterator[MissedOffer]:
        """What there is to say of every offer that may count."""
        for offer in self._reading.candidates:
            missed = self._next_tier(offer) if offer in self._counting else self._why_not(offer)
            if missed is not None:
                yield missed

    def _why_not(self, offer: Candidate) -> MissedOffer | None:
        if offer.kind is Kind.ITEM:
            would_save = sum(offer.cuts.values())
        else:
            base = self._base(offer)
            would_save = amount_of(offer, base, self._basket, self._best.ways, self._basket.shipping)
        if would_save:
            return self._beaten(offer)
        return self._short(offer) or self._nothing_to_save(offer)

    def _beaten(self, offer: Candidate) -> MissedOffer:
        winner = self._of_group.get(offer.group) if offer.group is not None else None
        if winner is not None:
            hint = f"not together with {winner.offer.label}, which counts instead"
            return self._told(offer, MissedReason.EXCLUDED, hint, beaten_by=winner)
        winner = next(
            (way.by for at in offer.lines if at in offer.cuts and (way := self._best.ways[at]).by is not None), None
        ) or next((other for other in self._counting if not set(other.lines).isdisjoint(offer.lines)), None)
        return self._told(offer, MissedReason.NO_GAIN, "other offers save as much or more", beaten_by=winner)

    def _short(self, offer: Candidate) -> MissedOffer | None:
        if isinstance(offer.terms, NForM):
            counts = [self._basket.quantities[at] for at in offer.lines]
            lacking = offer.terms.take - (sum(counts) if offer.terms.mix else max(counts))
            if lacking <= 0:
                return None
            return self._told(offer, MissedReason.SHORT, f"add {lacking} more", short_units=lacking)
        short_by = offer.steps[0][0] - self._base(offer) if offer.steps else 0
        if short_by <= 0:
            return None
        return self._told(offer, MissedReason.SHORT, f"spend {self._money(short_by)} more", short_by=short_by)

    def _nothing_to_save(self, offer: Candidate) -> MissedOffer | None:
        """Its goods or their shipping are free already, or the shipping is not known yet: of interest for a coupon only."""
        if offer.offer.coupon_id is None:
            return None
        unknown = offer.kind is Kind.SHIPPING and not self._basket.is_shipping_known
        hint = "counts once it is known where to send the goods" if unknown else "there is nothing left to save"
        return self._told(offer, MissedReason.NO_GAIN, hint)

    def _next_tier(self, offer: Candidate) -> MissedOffer | None:
        """What the tier above would save more. Not for coupons: one that counts is not missed."""
        if offer.offer.coupon_id is not None or offer.kind not in (Kind.SAVE, Kind.PERCENT):
            return None
        base = self._base(offer)
        above = [at for at, _ in offer.steps if at > base]
        if offer.repeats:
            above = [(base // offer.steps[0][0] + 1) * offer.steps[0][0]]
        if not above:
            return None
        now, then = (by_ladder(offer, worth) for worth in (base, above[0]))
        if offer.left is not None:
            now, then = min(now, offer.left), min(then, offer.left)
        if then <= now:
            return None
        short_by = above[0] - base
        hint = f"spend {self._money(short_by)} more to save {self._money(then - now)} more"
        return self._told(offer, MissedReason.SHORT, hint, short_by=short_by)

    def _base(self, offer: Candidate) -> int:
        return sum(self._best.values[at] for at in offer.lines)

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self._basket.currency)

    def _told(
        self,
        offer: Candidate,
        reason: MissedReason,
        hint: str,
        *,
        short_by: int | None = None,
        short_units: int | None = None,
        beaten_by: Candidate | None = None,
    ) -> MissedOffer:
        return MissedOffer(
            rule_id=offer.offer.rule_id,
            label=offer.offer.label,
            hint=hint,
            reason=reason,
            short_by=None if short_by is None else self._money(short_by),
            short_units=short_units,
            coupon_id=offer.offer.coupon_id,
            beaten_by=None if beaten_by is None else beaten_by.offer.rule_id,
        )
