"""`hanse status`: which parts run, on which ports."""

import time

import typer
from rich.table import Table

from cli.console import DataDir, console, settings_for
from hanse.stack.state import PartRecord, read_state

_NOT_RUNNING = 3


def status(data_dir: DataDir = None) -> None:
    """Show the running stack. Exit code 0 when every part is ready, 1 when one is not, 3 when nothing runs."""
    folder = settings_for(data_dir).data_dir
    state = read_state(folder)
    if state is None or not state.is_running():
        console.print(f"No stack runs in {folder}; start one with `hanse up`", highlight=False)
        raise typer.Exit(_NOT_RUNNING)
    table = Table("part", "state", "port", "pid", "running for", "restarts")
    for part in state.parts:
        table.add_row(*_row(part))
    console.print(table)
    if not all(_is_ready(part) for part in state.parts):
        raise typer.Exit(1)


def _is_ready(part: PartRecord) -> bool:
    return part.state == "ready" and part.process is not None and part.process.is_alive()


def _row(part: PartRecord) -> tuple[str, ...]:
    pid, running = "", ""
    if part.process is not None and part.process.is_alive():
        pid, running = str(part.process.pid), f"{(time.time() - part.process.started) / 60:.1f} min"
    colour = "green" if _is_ready(part) else "red"
    return part.name, f"[{colour}]{part.state}[/]", str(part.port or ""), pid, running, str(part.restarts)
