"""What the process `Audit` is started with, and what it says."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from models.auditing.rules import LOOKS
from models.auditing.types import Finding, Invariant
from models.shared import Frozen

SHOWN = 3
"""How many breaks of an invariant a run names in its answer; its log names each."""


class AuditInput(Frozen):
    """One audit of everything."""

    looks: Annotated[int, Field(ge=1, le=10)] = LOOKS
    look_again_after: timedelta = timedelta(seconds=20)


class Look(Frozen):
    """Look at one invariant."""

    invariant: Invariant


class Verdict(Frozen):
    """What a run says of one invariant."""

    invariant: Invariant
    looked_at: str
    broken: int
    first: Annotated[tuple[Finding, ...], Field(max_length=SHOWN)] = ()
    read: bool = True
    """False when a store or Temporal could not be asked: then nothing is known of it."""


class Audited(Frozen):
    """What a run says of all."""

    verdicts: tuple[Verdict, ...]

    @property
    def clean(self) -> bool:
        """Whether every invariant was looked at and holds."""
        return all(verdict.read and not verdict.broken for verdict in self.verdicts)
