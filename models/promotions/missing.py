"""Why an offer saves nothing here, and what it would take: for people a sentence, for programs the reason and figures."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.promotions.basket_offers import amount_of
from models.promotions.preparing import MIX, SHIPPING
from models.promotions.reading import Candidate, Reading
from models.promotions.types import MissedOffer, MissedReason, OfferInForce
from models.promotions.weighing import Weighed
from models.shared import Money

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

_SHORT = MissedReason.SHORT
_NEAR = (_SHORT, MissedReason.MEMBERS_ONLY)
"""What comes before all that needs a closer look."""


@dataclass(slots=True)
class _Told:
    """What becomes a `MissedOffer` if it is among the nearest: the words are found only then."""

    offer: OfferInForce
    reason: MissedReason
    short_by: int = 0
    short_units: int = 0
    candidate: Candidate | None = None
    """None: it was ruled out."""
    brings: int | None = None
    """What is saved more above the next tier, of an offer that counts."""


def missed_offers(
    reading: Reading, best: Weighed, counting: Collection[Candidate], amounts: Mapping[int, Money]
) -> tuple[MissedOffer, ...]:
    """Coupons first, then what needs least. `amounts` makes money of whole numbers."""
    explaining = _Explaining(reading, best, counting, amounts)
    told = explaining.all()
    told.sort(key=_usefulness)
    coupons = [one for one in told if one.offer.coupon_id is not None]
    others = [one for one in told if one.offer.coupon_id is None]
    return tuple([explaining.in_words(one) for one in (*coupons, *others[:MOST_MISSED])])


def _usefulness(told: _Told) -> tuple[int, int, int, str, str]:
    return (
        _NEAREST_FIRST[told.reason],
        told.short_units,
        told.short_by,
        told.offer.rule_id,
        told.offer.coupon_id or "",
    )


class _Explaining:
    def __init__(
        self, reading: Reading, best: Weighed, counting: Collection[Candidate], amounts: Mapping[int, Money]
    ) -> None:
        self._reading, self._basket, self._best, self._counting = reading, reading.basket, best, counting
        self._amounts = amounts
        self._of_group: dict[str | None, Candidate] = {
            offer.said.group: offer for offer in counting if offer.said.group is not None
        }

    def all(self) -> list[_Told]:
        """Whatever may be among the nearest, of the offers that may count and of those that may not."""
        told = [_Told(offer, reason) for offer, reason in self._reading.ruled_out]
        others: list[Candidate] = []
        for offer in self._reading.candidates:
            if offer in self._counting:
                near = self._next_tier(offer)
            else:
                near = self._short(offer) if offer.said.steps or offer.said.take else None
                if near is None:
                    others.append(offer)
            if near is not None:
                told.append(near)
        nearest = sum(1 for one in told if one.reason in _NEAR and one.offer.coupon_id is None)
        for offer in others:
            if nearest < MOST_MISSED or offer.said.is_coupon:  # others would be cut off
                reason = self._why_not(offer)
                if reason is not None:
                    told.append(_Told(offer.offer, reason, candidate=offer))
        return told

    def in_words(self, told: _Told) -> MissedOffer:
        """The answer about one offer."""
        short_by = self._amounts[told.short_by] if told.short_by else None
        beaten_by: OfferInForce | None = None
        if short_by is not None:
            hint = f"spend {short_by} more"
            if told.brings is not None:
                hint += f" to save {self._amounts[told.brings]} more"
        elif told.short_units:
            hint = f"add {told.short_units} more"
        elif told.candidate is None:
            hint = _SENTENCES[told.reason]
        elif told.reason is MissedReason.EXCLUDED:
            beaten_by = self._of_group[told.candidate.said.group].offer
            hint = f"not together with {beaten_by.label}, which counts instead"
        elif self._would_save(told.candidate):
            beaten_by = self._first_on_its_lines(told.candidate)
            hint = "other offers save as much or more"
        elif told.candidate.said.kind is SHIPPING and not self._basket.is_shipping_known:
            hint = "counts once it is known where to send the goods"
        else:
            hint = "there is nothing left to save"
        return MissedOffer.of_valid(
            {
                "rule_id": told.offer.rule_id,
                "label": told.offer.label,
                "hint": hint,
                "reason": told.reason,
                "short_by": short_by,
                "short_units": told.short_units or None,
                "coupon_id": told.offer.coupon_id,
                "beaten_by": None if beaten_by is None else beaten_by.rule_id,
            }
        )

    def _why_not(self, offer: Candidate) -> MissedReason | None:
        """Of an offer that is not short of anything. That there is nothing to save is of interest for a coupon only."""
        if not self._would_save(offer):
            return MissedReason.NO_GAIN if offer.said.is_coupon else None
        is_excluded = offer.said.group is not None and offer.said.group in self._of_group
        return MissedReason.EXCLUDED if is_excluded else MissedReason.NO_GAIN

    def _would_save(self, offer: Candidate) -> bool:
        if offer.said.is_item:
            return bool(offer.cuts)
        return amount_of(offer, self._base(offer), self._basket, self._best.ways, self._basket.shipping) > 0

    def _first_on_its_lines(self, offer: Candidate) -> OfferInForce | None:
        """What counts on the first of its lines on which something does: its item price, or the offer of the lowest rank."""
        counting = sorted(self._counting, key=lambda one: one.rank)
        for at in offer.cuts or offer.lines:
            by = self._best.ways[at].by or next((one for one in counting if at in (one.cuts or one.lines)), None)
            if by is not None:
                return by.offer
        return None

    def _short(self, offer: Candidate) -> _Told | None:
        """What it lacks; then it saves nothing."""
        said = offer.said
        if said.take:
            counts = [self._basket.quantities[at] for at in offer.lines]
            lacking = said.take - (sum(counts) if said.kind is MIX else max(counts))
            return _Told(offer.offer, _SHORT, short_units=lacking) if lacking > 0 else None
        short_by = said.steps[0][0] - self._base(offer)
        return _Told(offer.offer, _SHORT, short_by) if short_by > 0 else None

    def _next_tier(self, offer: Candidate) -> _Told | None:
        """What the tier above would save more. Not for coupons: one that counts is not missed."""
        said = offer.said
        if said.is_coupon or said.ladder is None:
            return None
        base = self._base(offer)
        above = next((at for at, _ in said.steps if at > base), None)
        if said.repeats:
            above = (base // said.steps[0][0] + 1) * said.steps[0][0]
        if above is None:
            return None
        now, then = said.ladder(base), said.ladder(above)
        if offer.left is not None:
            now, then = min(now, offer.left), min(then, offer.left)
        if then <= now:
            return None
        return _Told(offer.offer, _SHORT, above - base, brings=then - now)

    def _base(self, offer: Candidate) -> int:
        known = self._best.bases.get(offer.scope)
        return sum(self._best.values[at] for at in offer.lines) if known is None else known
