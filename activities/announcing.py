"""Telling Kafka right after the store call, in the same activity: one history event less for each announcement."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from models.shared.events import Event

_log = logging.getLogger(__name__)


class Publishes(Protocol):
    """Whatever can put events on Kafka, acknowledged: `bus.publisher.Publisher`."""

    async def publish(self, events: Iterable[Event]) -> None:
        """Returns when Kafka has them; raises when it did not say so in time."""
        ...


class Announcer:
    """Publishes when Kafka answers quickly, and otherwise says what is still to be told.

    A store call must not wait long for Kafka, nor may its event be lost: what is answered here as unannounced the workflow
    gives to `bus.publish_events`, which is retried without limit and shows why it fails. After a failure Kafka is left
    alone for `pause` seconds.
    """

    def __init__(self, publisher: Publishes, *, patience: float = 1.0, pause: float = 5.0) -> None:
        self._publisher = publisher
        self._patience = patience
        self._pause = pause
        self._silent_until = 0.0

    async def announce(self, *events: Event) -> tuple[Event, ...]:
        """Publish these events; answers with those that Kafka is not known to have: all or none of them."""
        loop = asyncio.get_running_loop()
        if not events or loop.time() < self._silent_until:
            return events
        try:
            async with asyncio.timeout(self._patience):
                await self._publisher.publish(events)
        except Exception as fault:  # whatever it is, the durable way meets it again, where a person can see it
            _log.warning("left to the workflow to announce: %s (%r)", [event.event_id for event in events], fault)
            self._silent_until = loop.time() + self._pause
            return events
        return ()
