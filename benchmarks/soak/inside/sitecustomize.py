"""Beside a watched process of a soak, never in a shop: on SIGUSR2 it writes what lives in it to a file.

Python loads this by its name when this folder is on its path (`python -m benchmarks.soak --watch` puts it there). It counts objects
by type and, if `PYTHONTRACEMALLOC` says so, what was allocated where.
"""

import gc
import json
import os
import signal
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

_FOLDER = os.environ.get("HANSE_SOAK_FOLDER")
_LINES = 60
_FRAMES = 6


def _tell(_number: int, _frame: object) -> None:
    gc.collect()
    types = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    told: dict[str, object] = {"argv": sys.argv, "objects": types.most_common(150), "garbage": len(gc.garbage)}
    if tracemalloc.is_tracing():
        snapshot = tracemalloc.take_snapshot()
        told["lines"] = [(str(one.traceback), one.size, one.count) for one in snapshot.statistics("lineno")[:_LINES]]
        told["traces"] = [
            (one.traceback.format(limit=_FRAMES), one.size, one.count)
            for one in snapshot.statistics("traceback")[:_LINES]
        ]
        told["traced"] = tracemalloc.get_traced_memory()
    folder = Path(_FOLDER or ".")
    number = len(list(folder.glob(f"{os.getpid()}-*.json")))
    (folder / f"{os.getpid()}-{number:03}.json").write_text(json.dumps(told, indent=1))


if _FOLDER:
    signal.signal(signal.SIGUSR2, _tell)
