"""One line a step: a spinner while it runs, then how long it took."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn


class Steps:
    """A display of steps that may run side by side. Without a terminal it prints a plain line at the end of each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._progress.stop()

    @asynccontextmanager
    async def step(self, what: str) -> AsyncIterator[None]:
        """Show that `what` happens while the block runs."""
        began = time.perf_counter()
        line = self._progress.add_task(what, total=1, note="")
        try:
            yield
        except BaseException:
            self._progress.update(line, description=f"[red]✗ {what}[/]")
            raise
        took = f"{time.perf_counter() - began:.1f} s"
        self._progress.update(line, completed=1, note=took)
        if not self._console.is_terminal:
            self._console.print(f"✓ {what}  {took}", highlight=False)
