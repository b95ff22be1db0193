"""A run of Housekeeping in a test: how much of each there is to remove."""

import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any

from temporalio.client import WorkflowHandle

from activities.housekeeping import AT_ONCE
from models.housekeeping.messages import HousekeepingInput, Sweep, Swept
from models.housekeeping.types import Chore
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Broken, Scripted
from workflows.housekeeping import Housekeeping


def so_many(steps: Scripted, there: Mapping[Chore, int], broken: Chore | None = None) -> None:
    """There is so much of each; what is broken cannot be removed."""
    left = Counter(there)

    def sweep(ask: Sweep) -> Swept:
        if ask.chore is broken:
            raise Broken(f"{broken} cannot be removed")
        removed = min(left[ask.chore], AT_ONCE)
        left[ask.chore] -= removed
        return Swept(removed=removed, more=removed == AT_ONCE)

    steps.answer("housekeeping.sweep", sweep)


async def housekeeping(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    return await sagas.start(Housekeeping.run, HousekeepingInput(), f"housekeeping-{secrets.token_hex(4)}")
