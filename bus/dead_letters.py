"""What becomes of an event that its handler cannot bear."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord

from bus.catalog import dead_letter_topic
from bus.envelope import Record
from hanse.masking import mask_text


@dataclass(frozen=True)
class Retries:
    """How often a handler is tried that fails, and how long it rests in between, in seconds, doubling: about a minute by default.

    While what it needs is away (`hanse/away.py`) it is tried without counting, up to `patience` seconds at a stretch: Kafka takes
    a consumer that does not poll for ten minutes for dead. Then the event comes again from the last commit.
    """

    tries: int = 8
    first_pause: float = 0.5
    longest_pause: float = 30.0
    patience: float = 300.0

    def pauses(self) -> Iterator[float]:
        """The pause before each try; none before the first."""
        yield 0.0
        for attempt in range(self.tries - 1):
            yield min(self.first_pause * 2**attempt, self.longest_pause)

    def rests(self) -> Iterator[float]:
        """The rest after each try that found nobody, as long as there is patience."""
        rest, rested = self.first_pause, 0.0
        while rested < self.patience:
            yield rest
            rested += rest
            rest = min(rest * 2, self.longest_pause)


def dead_letter(record: ConsumerRecord[Any, Any], group: str, reason: str, error: Exception, tries: int) -> Record:
    """The record as it came, to be looked at and replayed, with why and whence in `dead_letter_…` headers."""
    why = {
        "reason": reason,
        "error": mask_text(f"{type(error).__name__}: {error}")[:500],
        "tries": str(tries),
        "group": group,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    headers = [*record.headers, *((f"dead_letter_{name}", value.encode()) for name, value in why.items())]
    return Record(dead_letter_topic(group), record.key or b"", record.value or b"", headers)
