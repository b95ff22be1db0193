"""Every event the shop can tell, found by looking into `models/<domain>/events.py` of each domain."""

import importlib
import pkgutil
from functools import cache
from importlib.util import find_spec

import models
from models.shared.events import Event, all_event_types

PARTITIONS = 4
"""Of a topic created here. A business id keeps its partition only while this number stays; it is also what the embedded
broker gives a topic that springs up by itself when it has restarted empty, so both ways lead to the same partition."""

DEAD_LETTER_PREFIX = "hanse.dead_letter."


@cache
def _load() -> None:
    for domain in pkgutil.iter_modules(models.__path__):
        name = f"models.{domain.name}.events"
        if find_spec(name) is not None:
            importlib.import_module(name)


def known_events() -> dict[str, type[Event]]:
    """Every event of every domain, by CloudEvents type."""
    _load()
    return all_event_types()


def topics() -> list[str]:
    """One topic a domain that has events, sorted."""
    return sorted({kind.topic() for kind in known_events().values()})


def dead_letter_topic(group: str) -> str:
    """Where a consumer group puts what it cannot handle."""
    return f"{DEAD_LETTER_PREFIX}{group}"
