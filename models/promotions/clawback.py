"""What a buyer owes when a part goes back and the rest no longer earns what was taken off for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from models.promotions.rules import best_for_customer
from models.promotions.types import OfferInForce, OfferLine
from models.shared import Money
from models.shared.money import largest_remainder


def earned_by(lines: Sequence[OfferLine], offers: Sequence[OfferInForce]) -> dict[str, Money]:
    """What these offers still earn for these lines, by `rule_id`; those that earn nothing are left out.

    `offers` are those that counted in the order, at the versions it stored. What they may still spend, and how often, was
    decided then and does not matter any more.
    """
    unlimited = [offer.model_copy(update={"left": None, "is_exhausted": False}) for offer in offers]
    return _earned(lines, unlimited)


def _earned(lines: Sequence[OfferLine], offers: Sequence[OfferInForce]) -> dict[str, Money]:
    earned: dict[str, Money] = {}
    for applied in best_for_customer(lines, offers, is_member=True).applied:
        known = earned.get(applied.rule_id)
        earned[applied.rule_id] = applied.amount if known is None else known + applied.amount
    return earned


def _sum(earned: Mapping[str, Money]) -> int:
    return sum(amount.minor for amount in earned.values())


def clawback(
    kept: Sequence[OfferLine], recorded: Mapping[str, Money], offers: Sequence[OfferInForce]
) -> dict[str, Money]:
    """What is taken back of each offer, of those that claw back; offers from which nothing is taken are left out.

    `kept` are the units that stay, `recorded` is what was taken off them, by `rule_id`. An offer gives back what it took off them
    beyond what they still earn. Where another offer now earns more for them than was taken off (it was beaten then), this
    counts for the buyer: in all no more is taken than the kept units would have cost more had they been bought alone. So
    nothing is ever taken when nothing went back.
    """
    # An item price whose budget was too short then was an amount beside others, and may have saved more in this way than its
    # full price can now: so the offers are also tried with what they took as their budgets, and the better of the two counts.
    as_then = [
        offer.model_copy(update={"left": recorded.get(offer.rule_id), "is_exhausted": False}) for offer in offers
    ]
    earned = max(earned_by(kept, offers), _earned(kept, as_then), key=_sum)
    keeps = {offer.rule_id for offer in offers if not offer.claws_back}
    given = {rule_id: amount.minor for rule_id, amount in recorded.items()}
    still = defaultdict(int, {rule_id: amount.minor for rule_id, amount in earned.items()})
    over = {rule_id: max(0, n - still[rule_id]) for rule_id, n in given.items() if rule_id not in keeps}
    more = sum(max(0, n - given.get(rule_id, 0)) for rule_id, n in still.items())
    owed = max(0, sum(over.values()) - more)
    if owed == 0:
        return {}
    names = sorted(over)
    shares = largest_remainder(owed, [over[name] for name in names])
    currency = next(iter(recorded.values())).currency
    return {name: Money(minor=share, currency=currency) for name, share in zip(names, shares, strict=True) if share}
