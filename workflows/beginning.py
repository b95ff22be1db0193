"""A process that is asked to begin, and may refuse: what it says of that after it has ended."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.refusals import refusal_note


class MayRefuseToBegin:
    """Who asks a process to begin hears the reason from its update. Temporal may lose an update that comes with a start, and then
    the process refuses and ends with nobody listening: so it tells the reason to whoever asks later, too."""

    _refused: BaseException | None
    """Why it did not begin."""

    @workflow.query
    def refusal(self) -> dict[str, Any] | None:
        """Why it was refused: code, title, detail and fields; None if it was not. For as long as Temporal keeps the run."""
        return refusal_note(self._refused)
