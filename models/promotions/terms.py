"""Pure rules of rules: which terms make sense, which currency they speak, which step a status may take."""

from collections.abc import Sequence
from itertools import chain

from models.promotions.errors import PromotionOver, PromotionStepIllegal, PromotionTermsInvalid
from models.promotions.offers import DirectCut, FreeShipping, NForM, Offer, Scope, SpendPercent, SpendSave, TimedPrice
from models.promotions.types import PromotionTerms, RuleStatus
from models.shared import Instant
from models.shared.ids import Id
from models.shared.money import Currency

SHOP_CURRENCY: Currency = "CNY"
"""What a rule is counted in when neither its offer nor its budget names a currency."""

_STEPS = {
    RuleStatus.DRAFT: {RuleStatus.ACTIVE, RuleStatus.ENDED},
    RuleStatus.ACTIVE: {RuleStatus.PAUSED, RuleStatus.ENDED},
    RuleStatus.PAUSED: {RuleStatus.ACTIVE, RuleStatus.ENDED},
    RuleStatus.ENDED: set[RuleStatus](),
}


def check_step(now: RuleStatus, to: RuleStatus) -> None:
    """draft → active ⇄ paused, each of them → ended, and nowhere from there: `PromotionOver`, `PromotionStepIllegal`."""
    if to in _STEPS[now]:
        return
    if now is RuleStatus.ENDED:
        raise PromotionOver("It has ended for good; make a new one.")
    possible = ", ".join(sorted(_STEPS[now]))
    raise PromotionStepIllegal(f"It is {now}; from there it can become {possible}, not {to}.", was=now, wanted=to)


def check_window(starts_at: Instant, ends_at: Instant) -> None:
    """A window has a length; `PromotionTermsInvalid`."""
    if ends_at <= starts_at:
        raise PromotionTermsInvalid(
            f"It would end at {ends_at.isoformat()}, which is not after its start at {starts_at.isoformat()}.",
            field="ends_at",
        )


def currency_of(offer: Offer) -> Currency | None:
    """The one currency an offer speaks; None for N for M, which speaks of units only."""
    match offer:
        case SpendSave() | SpendPercent():
            return offer.tiers[0].at.currency
        case DirectCut():
            return offer.off.currency
        case TimedPrice():
            return offer.prices[0].price.currency
        case FreeShipping():
            return offer.at.currency
        case NForM():
            return None


def currency_of_rule(terms: PromotionTerms) -> Currency:
    """What the rule's use is counted in: the currency of its offer, else of its budget, else the shop's."""
    return currency_of(terms.offer) or (terms.budget.currency if terms.budget else SHOP_CURRENCY)


def check_rule(terms: PromotionTerms) -> None:
    """Its window has a length, and its budget is some money in the offer's currency; `PromotionTermsInvalid`."""
    check_window(terms.starts_at, terms.ends_at)
    if terms.budget is None:
        return
    if terms.budget.minor <= 0:
        raise PromotionTermsInvalid("A budget is above zero; leave it out for none.", field="budget")
    if terms.budget.currency != currency_of_rule(terms):
        raise PromotionTermsInvalid(
            f"The budget is in {terms.budget.currency}, but the offer is in {currency_of_rule(terms)}.", field="budget"
        )


def named_by(scope: Scope, offer: Offer | None = None) -> tuple[Id, ...]:
    """Every id of the catalogue that a scope, and an offer with prices, names."""
    lists: list[Sequence[Id]] = [getattr(scope, name) for name in Scope.model_fields]
    priced = [entry.sku_id for entry in offer.prices] if isinstance(offer, TimedPrice) else []
    return (*chain.from_iterable(lists), *priced)
