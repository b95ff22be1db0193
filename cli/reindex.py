"""`hanse reindex`: build the search index anew beside the one that is read, and swap."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.console import DataDir, console, settings_for
from hanse.settings import Settings

if TYPE_CHECKING:
    from models.search.messages import ReindexProgress

_LOOK_EVERY = 0.5


def reindex(
    give_up: Annotated[
        bool,
        typer.Option("--give-up", help="Stop the rebuild that goes on, or was broken off, and drop what it built."),
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Start it and do not wait.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Rebuild the search index; searches meet the old one until the new one is whole.

    One rebuild goes on at a time: when there is one, or one was broken off, this goes on with it. Ctrl-C leaves it going on.
    """
    settings = settings_for(data_dir)
    try:
        done = asyncio.run(_reindex(settings, give_up=give_up, detach=detach))
    except KeyboardInterrupt:
        console.print("The rebuild goes on without this window; `hanse reindex` shows it again.")
        raise typer.Exit(0) from None
    if give_up:
        console.print(f"[green]✓[/] {done.build or 'The build'} is dropped; searches meet the index they met before")
    elif detach:
        console.print("The rebuild goes on; `hanse reindex` shows it")
    else:
        console.print(f"[green]✓[/] {done.done:,} products are in the new index, and searches meet it")


async def _reindex(settings: Settings, *, give_up: bool, detach: bool) -> "ReindexProgress":
    from activities.following import Reindexing
    from hanse.temporal import connect

    reindexing = Reindexing(await connect(settings))
    handle = await reindexing.begin(give_up=give_up)
    if detach and (now := await reindexing.progress()) is not None:
        return now
    finished = asyncio.ensure_future(handle.result())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("beginning", total=None)
        while not finished.done():
            if (now := await reindexing.progress()) is not None:
                progress.update(bar, description=now.doing, total=now.total or None, completed=now.done)
            await asyncio.wait({finished}, timeout=_LOOK_EVERY)
        done = await finished
        progress.update(bar, description=done.doing, total=done.total or None, completed=done.done)
    return done
