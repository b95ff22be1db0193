"""What is asked of notifications, as it travels through Temporal."""

import hashlib

from models.shared import Frozen
from models.shared.events import AnyEvent

_NAMED = 3
"""Kinds of events that a summary names."""


class TellPeople(Frozen):
    """Everyone whom this event concerns is told, once."""

    source: str
    event: AnyEvent

    @property
    def cause(self) -> str:
        """What tells this cause from every other."""
        return f"{self.source}#{self.event.event_id}"


class TellBatch(Frozen):
    """Everyone whom these events concern is told, once an event. An event may be in two batches: Kafka brings it again."""

    tellings: tuple[TellPeople, ...]

    @property
    def in_short(self) -> str:
        """For whoever looks at the run: how many events, and of which kinds."""
        kinds = list(dict.fromkeys(telling.event.type.split(".")[2] for telling in self.tellings))
        others = len(kinds) - _NAMED
        return f"{len(self.tellings)} events: {', '.join(kinds[:_NAMED])}" + (
            f" and {others} more" if others > 0 else ""
        )


class BatchTold(Frozen):
    """What became of a batch."""

    told: int
    """People, once for each event."""
    left: tuple[int, ...] = ()
    """Places in the batch of the events that could not be told."""


def notify_id(batch: TellBatch) -> str:
    """The workflow id of a batch: the same events are the same batch, in whichever order they came. Not where it began in Kafka:
    a batch that comes again from the same offset may hold more, and what it holds more would never be told."""
    causes = "\n".join(sorted({telling.cause for telling in batch.tellings}))
    return f"notify/{hashlib.sha256(causes.encode()).hexdigest()[:24]}"
