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
    """How often a handler is tried and how long it waits in between, in seconds, doubling.

    The defaults last about a minute, so a database that restarts fills no dead-letter topic.
    """

    tries: int = 8
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pauses(self) -> Iterator[float]:
        """The pause before each try; none before the first."""
        yield 0.0
        for attempt in range(self.tries - 1):
            yield min(self.first_pause * 2**attempt, self.longest_pause)


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
