"""How a case may move, what is approved by itself, and who is at fault. Pure: the store applies NEXT_STATE under the case's lock."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from models.aftersales.errors import IllegalAftersaleStep, InspectionMismatch
from models.aftersales.messages import AdvanceCase
from models.aftersales.types import (
    AftersaleCase,
    AftersaleKind,
    AftersaleReason,
    AftersaleState,
    AutomaticTerms,
    BuyerHistory,
    InspectedLine,
    Judged,
)
from models.orders.types import LineRequest
from models.shared import Money
from models.shared.ids import AftersaleId

_S = AftersaleState

NEXT_STATE: Mapping[AftersaleState, frozenset[AftersaleState]] = {
    _S.APPLIED: frozenset({_S.AUDITING, _S.AWAITING_RETURN, _S.REFUNDING}),
    _S.AUDITING: frozenset({_S.AWAITING_RETURN, _S.REFUNDING, _S.REJECTED, _S.WITHDRAWN, _S.CLOSED}),
    _S.AWAITING_RETURN: frozenset({_S.RETURNING, _S.WITHDRAWN, _S.EXPIRED, _S.CLOSED}),
    _S.RETURNING: frozenset({_S.RECEIVED, _S.WITHDRAWN, _S.CLOSED}),
    _S.RECEIVED: frozenset({_S.REFUNDING, _S.REPLACING, _S.REJECTED, _S.CLOSED}),
    _S.REPLACING: frozenset({_S.REPLACEMENT_SENT, _S.SOLD_OUT}),
    _S.SOLD_OUT: frozenset({_S.REPLACING, _S.REFUNDING, _S.CLOSED}),
    _S.REPLACEMENT_SENT: frozenset({_S.EXCHANGED, _S.REFUNDING}),
    _S.REFUNDING: frozenset({_S.REFUNDED, _S.REFUND_REFUSED}),
    _S.REFUND_REFUSED: frozenset({_S.REFUNDING, _S.CLOSED}),
    _S.REJECTED: frozenset({_S.AUDITING, _S.RECEIVED, _S.CLOSED}),
    _S.REFUNDED: frozenset(),
    _S.EXCHANGED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CLOSED: frozenset(),
}
"""Every step a case may take (R11). From a rejection an appeal leads back to where it was rejected: the audit or the
inspection. A case with money or a replacement on its way cannot be closed."""

FINAL = frozenset(state for state, following in NEXT_STATE.items() if not following)
"""A case ends here."""

WITHDRAWABLE = frozenset(state for state, following in NEXT_STATE.items() if _S.WITHDRAWN in following)
"""The buyer may withdraw: until the goods are received."""

CLOSABLE = frozenset(state for state, following in NEXT_STATE.items() if _S.CLOSED in following)
LOWERABLE = frozenset({_S.AUDITING, _S.AWAITING_RETURN, _S.RETURNING, _S.RECEIVED, _S.SOLD_OUT, _S.REFUND_REFUSED})
"""The refund may still be lowered."""

HISTORY = timedelta(days=90)
"""How far back the automatic rule looks."""

_SHOPS_FAULT = frozenset(
    {
        AftersaleReason.DAMAGED,
        AftersaleReason.WRONG_ITEM,
        AftersaleReason.MISSING_PARTS,
        AftersaleReason.NOT_AS_DESCRIBED,
        AftersaleReason.QUALITY,
    }
)


def check_step(aftersale_id: AftersaleId, state: AftersaleState, to: AftersaleState) -> None:
    """`IllegalAftersaleStep` unless NEXT_STATE has this step."""
    if to not in NEXT_STATE[state]:
        allowed = ", ".join(sorted(NEXT_STATE[state])) or "nothing: it has ended"
        raise IllegalAftersaleStep(
            f"Case {aftersale_id} is {state}; it cannot become {to}, only {allowed}. Read it again before going on.",
            aftersale_id=aftersale_id,
            state=state.value,
            wanted=to.value,
        )


def stepped(case: AftersaleCase, step: AdvanceCase) -> AftersaleCase:
    """The case after a step, as the store writes it and its saga knows it."""
    said = {name: getattr(step.changes, name) for name in step.changes.model_fields_set}
    changes = {name: value for name, value in said.items() if value is not None}
    always = {"due_at": step.changes.due_at, "state": step.to, "changed_at": step.at, "version": step.version + 1}
    return case.model_copy(update={**changes, **always})


def shop_at_fault(reason: AftersaleReason) -> bool:
    """Then the shipping of these units is paid back too."""
    return reason in _SHOPS_FAULT


def judge(
    terms: AutomaticTerms,
    kind: AftersaleKind,
    reason: AftersaleReason,
    proposed: Money,
    pictures: int,
    history: BuyerHistory,
) -> Judged:
    """Whether a case needs no operator, and why (not)."""
    if history.cases > terms.most_cases:
        return Judged(approved=False, why=f"{history.cases} cases in 90 days, at most {terms.most_cases}")
    if history.rejected:
        return Judged(approved=False, why=f"{history.rejected} rejected case(s) in 90 days")
    if kind is not AftersaleKind.REFUND_ONLY:
        if terms.returns:
            return Judged(approved=True, why="nothing is paid before the goods were looked at")
        return Judged(approved=False, why="returns are looked at by a person")
    if reason not in terms.reasons:
        return Judged(approved=False, why=f"a refund without return for {reason} is looked at by a person")
    if not pictures:
        return Judged(approved=False, why="no picture shows what is wrong")
    if proposed.minor > terms.most_minor:
        return Judged(approved=False, why=f"{proposed} is above the limit of {terms.most_minor} minor units")
    return Judged(approved=True, why=f"{reason}, {proposed}, {pictures} picture(s)")


def inspected_lines(
    aftersale_id: AftersaleId, lines: Sequence[LineRequest], found: Sequence[InspectedLine]
) -> tuple[LineRequest, ...]:
    """The units an inspection accepts. `InspectionMismatch` unless it speaks of each line once, and of no more than came."""
    came = {line.sku_id: line.quantity for line in lines}
    named = {line.sku_id: line for line in found}
    fits = (
        len(named) == len(found)
        and named.keys() == came.keys()
        and all(line.resellable <= line.accepted <= came[line.sku_id] for line in found)
    )
    if not fits:
        listed = ", ".join(f"{quantity} × {sku_id}" for sku_id, quantity in came.items())
        raise InspectionMismatch(
            f"Case {aftersale_id} is about {listed}. Say for each once how many are accepted, and of these how many can be"
            " sold again.",
            aftersale_id=aftersale_id,
        )
    return tuple(
        LineRequest(sku_id=line.sku_id, quantity=named[line.sku_id].accepted)
        for line in lines
        if named[line.sku_id].accepted
    )
