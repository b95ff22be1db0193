"""What the audit log remembers of operators' actions."""

from enum import StrEnum
from typing import Annotated

from pydantic import JsonValue, StringConstraints

from models.shared import Frozen, Instant
from models.shared.ids import SessionId, UserId


class AuditPhase(StrEnum):
    """An action is written down before it is tried and again when it ended; a lone `intended` means a crash between."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class AuditNote(Frozen):
    """One thing to write down: who did what to what, from where."""

    at: Instant
    operator_id: UserId
    session_id: SessionId
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$")]
    """`<domain>.<verb_noun>`, as `users.assign_roles`."""
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The id of what it was done to."""
    phase: AuditPhase
    details: dict[str, JsonValue]
    """What was asked for; ids, states and amounts, no personal data."""
    address: str = ""
    trace_id: str | None = None
    intent: int | None = None
    """The entry that wrote down the intent; None for an intent itself."""


class AuditEntry(Frozen):
    """A note in the log, with its number."""

    id: int
    note: AuditNote
