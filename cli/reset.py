"""`hanse reset`: throw the embedded stack's data away."""

import shutil
from typing import Annotated

import typer

from cli.console import DataDir, console, settings_for
from hanse.stack.embedded import end_left_behind
from hanse.stack.layout import layout_of
from hanse.stack.part import StackError
from hanse.stack.state import lock_data_dir


def reset(
    data_dir: DataDir = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove all data, keys and logs of the embedded stack. Refuses while it runs."""
    folder = settings_for(data_dir).data_dir.absolute()
    if not folder.exists():
        console.print(f"{folder} does not exist; there is nothing to remove", highlight=False)
        return
    if not layout_of(folder):
        raise StackError(
            f"{folder} was not made by `hanse up`, so it is not removed; remove it yourself if it is yours"
        )
    with lock_data_dir(folder):
        end_left_behind(folder)
        if not yes and not typer.confirm(f"Remove {folder} with every order, key and log in it?"):
            raise typer.Exit(1)
        shutil.rmtree(folder)
    console.print(f"Removed {folder}", highlight=False)
