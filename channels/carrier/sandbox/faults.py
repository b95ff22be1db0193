"""What goes wrong on purpose, and how that is written down.

A rule is one fault, in JSON or as text `fault[:value][@share][*limit][/on]`, for instance `lost`, `doubled:10`,
`late:30@0.1/signed`, `unavailable/sandbox` or `parcel_lost@0.05`. `on` narrows it to a code, an operation or a company.

Whether a rule hits is decided by the seed, the rule and the case's number, never by chance: the same traffic under the same
seed meets the same fate.
"""

import hashlib
import re
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from channels.carrier.sandbox.wire import Code, Company, Operation
from models.shared import Frozen

PushFault = Literal["lost", "doubled", "late", "reordered", "forged", "stale", "garbled", "unknown_waybill"]
CallFault = Literal["slow", "unavailable", "timeout_after_effect", "address_refused"]
JourneyFault = Literal["parcel_lost", "parcel_damaged", "parcel_refused", "parcel_misaddressed"]
Subject = Literal["push", "call", "journey"]
Fault = PushFault | CallFault | JourneyFault
On = Code | Operation | Company

MEANINGS: dict[Fault, tuple[str, float]] = {
    "lost": ("the push is never sent; the parcel's history has the event", 0),
    "doubled": ("the push is sent this many times at once", 5),
    "late": ("the push is sent this many seconds late", 30),
    "reordered": ("the push waits until a later event of the parcel was pushed, at most this many seconds", 60),
    "forged": ("the first try of the push has a wrong signature", 0),
    "stale": ("the first try of the push is signed this many seconds in the past", 3600),
    "garbled": ("one more push, rightly signed, has a body that is no event", 0),
    "unknown_waybill": ("one more push reports a parcel that nobody sent", 0),
    "slow": ("the call is answered this many seconds late", 5),
    "unavailable": ("the call is answered with this status and does nothing", 503),
    "timeout_after_effect": ("the call does its work and is not answered for this many seconds", 120),
    "address_refused": ("the booking is turned down: there is no such address", 0),
    "parcel_lost": ("the simulated journey ends in nowhere", 0),
    "parcel_damaged": ("the simulated journey ends with a broken parcel", 0),
    "parcel_refused": ("the simulated journey ends at a closed door", 0),
    "parcel_misaddressed": ("the simulated journey ends at a house that is not there", 0),
}
"""Each fault, and what its value means and is by default."""

CODE_OF: dict[str, Code] = {
    "parcel_lost": "lost",
    "parcel_damaged": "damaged",
    "parcel_refused": "refused",
    "parcel_misaddressed": "address_problem",
}
"""How a journey that a fault hits ends."""

_TEXT = re.compile(
    r"(?P<fault>[a-z_]+)(:(?P<value>-?[0-9.]+))?(@(?P<share>[0-9.]+))?(\*(?P<limit>[0-9]+))?(/(?P<on>[a-z_]+))?"
)


class FaultRule(Frozen):
    """One fault: how strong (`value`, see MEANINGS), for which share of cases, at most how often, and where only."""

    fault: Fault
    value: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    limit: Annotated[int, Field(ge=1)] | None = None
    on: On | None = None

    @property
    def strength(self) -> float:
        """The value, or its default."""
        return MEANINGS[self.fault][1] if self.value is None else self.value

    @property
    def subject(self) -> Subject:
        """What goes wrong: a push, a call, or a journey."""
        if self.fault in get_args(CallFault):
            return "call"
        return "push" if self.fault in get_args(PushFault) else "journey"

    def happens_on(self, *places: str) -> bool:
        """Whether this rule speaks about such a case."""
        return self.on is None or self.on in places

    def chosen(self, seed: int, case: int) -> bool:
        """Whether this case falls into the rule's share."""
        digest = hashlib.sha256(f"{seed}/{self.text()}/{case}".encode()).digest()
        return int.from_bytes(digest[:8]) < self.share * 2**64

    def text(self) -> str:
        """The rule as text."""
        value = "" if self.value is None else f":{self.value:g}"
        share = "" if self.share == 1 else f"@{self.share:g}"
        limit = "" if self.limit is None else f"*{self.limit}"
        return f"{self.fault}{value}{share}{limit}" + ("" if self.on is None else f"/{self.on}")


class Schedule(Frozen):
    """The rules in force, and the seed that decides whom they hit."""

    seed: int = 0
    rules: list[FaultRule] = Field(default_factory=list, max_length=50)


def read_rules(text: str) -> list[FaultRule]:
    """Rules written as text, separated by commas. ValueError says which one makes no sense."""
    rules = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _TEXT.fullmatch(part)
        if match is None:
            raise ValueError(f"{part[:60]!r} is not a fault; write fault[:value][@share][*limit][/on]")
        given = {name: value for name, value in match.groupdict().items() if value is not None}
        try:
            rules.append(FaultRule.model_validate(given))
        except ValidationError as problem:
            raise ValueError(f"{part[:60]!r}: {problem.errors()[0]['msg']}") from problem
    return rules
