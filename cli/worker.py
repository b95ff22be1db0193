"""`hanse worker`: run workers in this terminal."""

from typing import Annotated

import typer

from hanse.settings import Settings


def worker(
    queue: Annotated[list[str] | None, typer.Option(help="Run only this task queue; repeat for several.")] = None,
) -> None:
    """Run the workers of all task queues, or of those named, until Ctrl-C."""
    from workers.main import run  # every workflow and activity: only this verb pays for it

    run(Settings(), queue)
