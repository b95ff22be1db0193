"""Counts which products are looked at, and tells Kafka a few times a minute.

One event for each view would cost more than the view. What is counted here and not yet told is lost with the process: it is a
ranking, not a ledger. Who looked is not written down anywhere.
"""

import asyncio
import logging
import secrets
from collections import Counter

from prometheus_client import Counter as Metric

from activities.announcing import Publishes
from models.products.events import ProductsViewed, Viewed
from models.shared.ids import SpuId
from models.shared.time import Clock

_log = logging.getLogger(__name__)
_TELL_EVERY_SECONDS = 5.0
_MOST_IN_ONE = 500
_lost = Metric("hanse_views_lost", "Views of products that were counted but that Kafka did not take in time")


class Views:
    """The counts of one process."""

    def __init__(self, publisher: Publishes, clock: Clock, *, tell_every: float = _TELL_EVERY_SECONDS) -> None:
        self._publisher = publisher
        self._clock = clock
        self._tell_every = tell_every
        self._counts: Counter[SpuId] = Counter()
        self._tell_at: float | None = None
        self._telling: asyncio.Task[None] | None = None

    def note(self, spu_id: SpuId) -> None:
        """Somebody looks at this product. Every so often this begins to tell what was counted."""
        self._counts[spu_id] += 1
        moment = asyncio.get_running_loop().time()
        if self._tell_at is None:
            self._tell_at = moment + self._tell_every
        elif moment >= self._tell_at and (self._telling is None or self._telling.done()):
            self._tell_at = moment + self._tell_every
            self._telling = asyncio.create_task(self.tell())

    async def tell(self) -> None:
        """Tell all that was counted. At the end of the process, too."""
        counts, self._counts = self._counts.most_common(), Counter()
        for start in range(0, len(counts), _MOST_IN_ONE):
            part = counts[start : start + _MOST_IN_ONE]
            views = tuple(Viewed(spu_id=spu_id, times=times) for spu_id, times in part)
            event = ProductsViewed(occurred_at=self._clock(), batch=secrets.token_hex(8), views=views)
            try:
                await self._publisher.publish((event,))
            except Exception as fault:
                _lost.inc(sum(times for _, times in part))
                _log.info("views are lost: %r", fault)
