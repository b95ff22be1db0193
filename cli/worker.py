"""`hanse worker`: run workers in this terminal."""

from typing import Annotated

import typer

from hanse.settings import Settings
from hanse.stack.part import StackError


def worker(
    queue: Annotated[list[str] | None, typer.Option(help="Run only this task queue; repeat for several.")] = None,
    version: Annotated[str | None, typer.Option(help="Build id of this worker; default HANSE_WORKER_VERSION.")] = None,
    make_current: Annotated[bool, typer.Option(help="Send workflows to this version from now on.")] = False,
) -> None:
    """Run the workers of all task queues, or of those named, until Ctrl-C."""
    # Imported here so that `hanse --help` need not load every workflow and activity.
    from workers.main import run
    from workflows.options import TaskQueue

    names = {each.value for each in TaskQueue}
    if unknown := set(queue or ()) - names:
        raise StackError(f"no task queue is named {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    settings = Settings() if version is None else Settings(worker_version=version)
    run(settings, queue or (), current=make_current)
