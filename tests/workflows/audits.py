"""A run of `Audit` in a test: what each look at an invariant sees."""

import secrets
from collections.abc import Sequence
from typing import Any

from temporalio.client import WorkflowHandle

from models.auditing.messages import AuditInput, Look
from models.auditing.types import Finding, Invariant, Section
from tests.workflows.sagas import Sagas
from workflows.audit import Audit

LOOK = "audit.look"


def seen(invariant: Invariant, *subjects: str) -> Section:
    """A look that finds these broken."""
    found = [Finding(check="broken", subject=subject, detail="does not add up") for subject in subjects]
    return Section.of(invariant, str(invariant), "3 rows", found)


def sees(sagas: Sagas, **looks: Sequence[Sequence[str]]) -> None:
    """What looks at these invariants see, one after the other; all else holds."""
    left = {Invariant(name): list(each) for name, each in looks.items()}
    sagas.steps.answer(LOOK, lambda ask: _seen(ask, left))


def _seen(ask: Look, left: dict[Invariant, list[Sequence[str]]]) -> Section:
    return seen(ask.invariant, *(left[ask.invariant].pop(0) if left.get(ask.invariant) else ()))


async def audit(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """Start one as its schedule does."""
    return await sagas.start(Audit.run, AuditInput(), f"audit-{secrets.token_hex(6)}")
