"""The layout of a data folder. Its number changes when a newer Hanse can no longer read what an older one wrote."""

from pathlib import Path

from hanse.stack.part import StackError

LAYOUT = "1"
_FILE = "layout"


def layout_of(data_dir: Path) -> str:
    """The layout a data folder was made with; empty when the folder is new."""
    file = data_dir / _FILE
    return file.read_text().strip() if file.exists() else ""


def claim_layout(data_dir: Path) -> None:
    """Mark a new data folder as ours; refuse one of another layout."""
    found = layout_of(data_dir)
    if found not in ("", LAYOUT):
        raise StackError(
            f"{data_dir} has layout {found}, this version of Hanse reads layout {LAYOUT}; "
            "use the version that wrote it, begin anew with `hanse reset`, or name another folder with --data-dir"
        )
    (data_dir / _FILE).write_text(LAYOUT + "\n")
