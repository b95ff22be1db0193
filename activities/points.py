"""The steps of sagas that change points by themselves. Spending them and giving them back goes with coupons."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.points.events import told
from models.points.messages import AdjustPoints, ExpirePoints, PointsAdjusted, PointsExpired
from models.points.types import EntryKind, PointsTerms

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from stores.points import PointsStore

EXPIRED_AT_ONCE = 100
"""Lots written off in one transaction, which holds the accounts of their owners meanwhile."""


class PointsActivities:
    """Each is one store promise, idempotent by the order id, key or batch. A change is announced right after it."""

    def __init__(self, store: "PointsStore", announcer: "Announcer", terms: PointsTerms) -> None:
        self._store = store
        self._announcer = announcer
        self._terms = terms

    @activity.defn(name="points.adjust_points")
    async def adjust_points(self, ask: AdjustPoints) -> PointsAdjusted:
        """An operator gives or takes points, once a key. Refusals: `points_not_enough`, `points_key_reused`."""
        entries = await self._store.adjust(ask, self._terms)
        (entry,) = (entry for entry in entries if entry.kind is EntryKind.ADJUSTED)
        return PointsAdjusted(entry=entry, unannounced=await self._announcer.announce(*told(entries)))

    @activity.defn(name="points.expire_due")
    async def expire_due(self, ask: ExpirePoints) -> PointsExpired:
        """Write off the next batch of lots that have expired; none written means that nothing is due any more."""
        entries = await self._store.expire_due(ask.at, ask.batch, EXPIRED_AT_ONCE)
        return PointsExpired(written=len(entries), unannounced=await self._announcer.announce(*told(entries)))
