"""What goes wrong on purpose, and how that is written down.

Rules are written as `channels/sandbox/faults.py` says, for instance `late:30@0.1/signed`, `unavailable/sandbox` or
`parcel_lost@0.05`; `on` narrows one to a code, an operation or a company. A case is a parcel, or which call of its kind it is.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from channels.carrier.sandbox.wire import Code, Company, Operation
from channels.sandbox import faults

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


class FaultRule(faults.Rule[Fault, On]):
    """One fault of the carriers."""

    meanings: ClassVar = MEANINGS

    value: Annotated[float, Field(ge=0, le=1_000_000)] | None = None

    @property
    def subject(self) -> Subject:
        """What goes wrong: a push, a call, or a journey."""
        if self.fault in get_args(CallFault):
            return "call"
        return "push" if self.fault in get_args(PushFault) else "journey"

    def happens_on(self, *places: str) -> bool:
        """Whether this rule speaks about such a case."""
        return self.on is None or self.on in places


Schedule = faults.Schedule[FaultRule]
