"""The step of sagas that changes a review."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.reviews.messages import ChangeReview, ReviewChanged

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from stores.reviews import ReviewStore


class ReviewActivities:
    """One store promise, idempotent by the key of the change. What it changed is announced right after it."""

    def __init__(self, store: "ReviewStore", announcer: "Announcer") -> None:
        self._store = store
        self._announcer = announcer

    async def warm_up(self) -> None:
        """Build what reads texts before the first one comes: dictionaries take a second to load."""
        await self._store.warm_up()

    @activity.defn(name="reviews.change_review")
    async def change_review(self, ask: ChangeReview) -> ReviewChanged:
        """Post, edit, follow up, appeal, remove, report, decide or reply, once a key. The text is read for words on the way;
        what comes of that is the state of the review, no refusal."""
        done = await self._store.change_once(ask)
        left = await self._announcer.announce(*done.unannounced)
        return done.model_copy(update={"unannounced": left})
