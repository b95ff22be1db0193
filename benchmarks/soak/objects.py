"""What a watched process said lives in it: which kinds became more between a quarter of the run and its end."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_SHOWN = 12
Objects = dict[str, list[tuple[str, int, int]]]
"""For each process: kind, how many before, how many at the end; those first that became most."""


def more_of_what(folder: Path) -> Objects:
    """From the files that `inside/sitecustomize.py` wrote."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted(folder.glob("*.json")):
        told[file.name.partition("-")[0]].append(json.loads(file.read_text()))
    found: Objects = {}
    for pid, states in told.items():
        if len(states) < 2:
            continue
        before, after = dict(states[-2]["objects"]), dict(states[-1]["objects"])
        grown = sorted(
            ((kind, before.get(kind, 0), many) for kind, many in after.items()), key=lambda one: one[1] - one[2]
        )
        found[f"{' '.join(Path(part).name for part in states[-1]['argv'][:2])} ({pid})"] = grown[:_SHOWN]
        for trace, size, count in states[-1].get("lines", ())[:_SHOWN]:
            found[f"traced {pid}"] = [*found.get(f"traced {pid}", []), (trace, count, size)]
    return found


def show_objects(objects: Objects, console: Console) -> None:
    """A table for each process."""
    for process, kinds in objects.items():
        table = Table("kind", "before", "after", title=process)
        for kind, before, after in kinds:
            table.add_row(kind, f"{before:,}", f"{after:,}")
        console.print(table)
