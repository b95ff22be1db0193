"""The step of the process `Housekeeping`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from temporalio import activity

from models.housekeeping.messages import Sweep, Swept
from models.housekeeping.types import Chore, Keeping
from models.shared import Instant

if TYPE_CHECKING:
    from stores.aftersales import EvidenceStore
    from stores.idempotency import IdempotencyStore
    from stores.notifications import NoticeStore
    from stores.products import MediaStore
    from stores.reviews import ReviewPictures
    from stores.users.old_sessions import OldSessions
    from stores.webhooks import DeliveryStore

AT_ONCE = 500
"""Removed in one transaction."""

_Remove = Callable[[Instant], Awaitable[int]]


class HousekeepingActivities:
    """Removes what was kept for as long as `keeping` says. Every batch is a transaction, and may be repeated."""

    def __init__(
        self,
        keeping: Keeping,
        *,
        notices: "NoticeStore",
        deliveries: "DeliveryStore",
        review_pictures: "ReviewPictures",
        media: "MediaStore",
        evidence: "EvidenceStore",
        requests: "IdempotencyStore",
        sessions: "OldSessions",
    ) -> None:
        self._pictures, self._media = review_pictures, media
        self._removing: Mapping[Chore, _Remove] = {
            Chore.NOTICES: lambda at: notices.prune(at - keeping.notices, AT_ONCE),
            Chore.WEBHOOK_DELIVERIES: lambda at: deliveries.prune(at - keeping.webhook_deliveries, AT_ONCE),
            Chore.REVIEW_PICTURES: lambda at: self._remove_pictures(at - keeping.unused_pictures),
            Chore.EVIDENCE: lambda at: evidence.prune(at - keeping.unused_pictures, AT_ONCE),
            Chore.REMEMBERED_REQUESTS: lambda at: requests.prune(at, AT_ONCE),
            Chore.SESSIONS: lambda at: sessions.prune(at - keeping.sessions, AT_ONCE),
        }

    @activity.defn(name="housekeeping.sweep")
    async def sweep(self, ask: Sweep) -> Swept:
        """Remove one batch. There may be more as long as batches are full."""
        removed = await self._removing[ask.chore](ask.at)
        return Swept(removed=removed, more=removed >= AT_ONCE)

    async def _remove_pictures(self, before: Instant) -> int:
        """The catalogue shows pictures from the same storage: what it shows stays there."""
        gone = await self._pictures.forget_unused(before, AT_ONCE)
        kept = await self._media.among([picture.name for picture in gone])
        await self._pictures.remove([picture for picture in gone if picture.name not in kept], before)
        return len(gone)
