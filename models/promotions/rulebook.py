"""The rules in force, prepared together: buyers come one after the other, and the rules are the same for all of them.

A rulebook is remembered by the rules that are in it and their versions; what changes from call to call (what is left of a budget,
whether a limit is reached) is no part of it. Coupons are not remembered, since every wallet brings values of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.promotions.preparing import TIMED, Prepared, prepare
from models.promotions.types import OfferInForce

MOST_REMEMBERED = 16
"""So many rulebooks are remembered; with one more, that which was not asked for longest is forgotten."""

Bits = int
"""Lines of a basket, as the bits of a number."""
Numbers = Sequence[int]


@dataclass(slots=True, frozen=True)
class Rulebook:
    """What these rules say, and which of them look at which goods."""

    rules: Sequence[OfferInForce]
    """As they were given. The book holds on to them, so nothing else can be taken for them."""
    order: Numbers
    """The places of `rules` in the order in which equal ones are decided."""
    said: Sequence[Prepared]
    """What they say, in that order."""
    scope_of: Numbers
    """The number of the scope of each, in that order: many rules share one."""
    everywhere: Sequence[bool]
    """Whether a scope names nothing, and so has every line."""
    named_by: Mapping[str, Numbers]
    """The scopes that name an id."""
    excluded_by: Mapping[str, Numbers]
    """The scopes that exclude an id."""
    priced_by: Mapping[str, Numbers]
    """The timed prices that name a SKU, by their places in the order."""
    priced: Numbers
    """All timed prices."""

    def says(self, rules: Sequence[OfferInForce]) -> bool:
        """Whether that is what these rules say, whose terms are the same values."""
        changed = [(known, now) for known, now in zip(self.rules, rules, strict=True) if known is not now]
        return all(_says_the_same(known, now) for known, now in changed)

    def lines_of(self, where: Mapping[str, Bits], every: Bits) -> list[Bits]:
        """The lines that each rule looks at, in the order of `said`. `where` tells of each id in a basket which lines have it."""
        named = [every if is_everywhere else 0 for is_everywhere in self.everywhere]
        _mark(named, where, self.named_by)
        if self.excluded_by:
            excluded = [0] * len(named)
            _mark(excluded, where, self.excluded_by)
            named = [bits & ~without for bits, without in zip(named, excluded, strict=True)]
        lines = [named[scope] for scope in self.scope_of]
        if self.priced:
            with_price = [0] * len(lines)
            _mark(with_price, where, self.priced_by)
            for place in self.priced:
                lines[place] &= with_price[place]
        return lines


def _mark(marked: list[Bits], where: Mapping[str, Bits], by_id: Mapping[str, Numbers]) -> None:
    for one in where.keys() & by_id.keys():
        bits = where[one]
        for number in by_id[one]:
            marked[number] |= bits


def _says_the_same(known: OfferInForce, now: OfferInForce) -> bool:
    return (
        known.scope is now.scope
        and known.rule_id == now.rule_id
        and known.rule_version == now.rule_version
        and known.priority == now.priority
        and known.group == now.group
        and known.members_only == now.members_only
    )


# By the identity of their terms: these values are frozen, and a book holds on to its own, so no others have their ids meanwhile.
_remembered: dict[tuple[int, ...], Rulebook] = {}


def rulebook(rules: Sequence[OfferInForce]) -> Rulebook:
    """The book of these rules, none of them a coupon."""
    terms = tuple([id(rule.offer) for rule in rules])
    book = _remembered.pop(terms, None)
    if book is None or not book.says(rules):
        book = _written(rules)
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)
    _remembered[terms] = book  # as the last
    return book


def _written(rules: Sequence[OfferInForce]) -> Rulebook:
    said = [prepare(rule) for rule in rules]
    order = sorted(range(len(rules)), key=lambda place: said[place].place)
    said = [said[place] for place in order]
    scopes: dict[tuple[frozenset[str] | None, frozenset[str]], int] = {}
    scope_of = [scopes.setdefault((one.named, one.excluded), len(scopes)) for one in said]
    timed = [(place, one.timed) for place, one in enumerate(said) if one.kind is TIMED]
    return Rulebook(
        rules=tuple(rules),
        order=order,
        said=said,
        scope_of=scope_of,
        everywhere=[named is None for named, _ in scopes],
        named_by=_by_id((number, named or ()) for (named, _), number in scopes.items()),
        excluded_by=_by_id((number, excluded) for (_, excluded), number in scopes.items()),
        priced_by=_by_id(timed),
        priced=[place for place, _ in timed],
    )


def _by_id(named: Iterable[tuple[int, Iterable[str]]]) -> dict[str, list[int]]:
    by_id: dict[str, list[int]] = defaultdict(list)
    for number, ids in named:
        for one in ids:
            by_id[one].append(number)
    return dict(by_id)
