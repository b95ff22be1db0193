"""Where the command line prints, and the options several verbs share."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hanse.settings import Settings

console = Console()
errors = Console(stderr=True)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the embedded stack; default `.hanse`, or HANSE_DATA_DIR.")
]


def settings_for(data_dir: Path | None) -> Settings:
    """Settings of the stack in this folder; with a stack running there, its endpoints."""
    named: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    return Settings(**named)
