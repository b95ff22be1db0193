"""One change of a review: `review-change/{key}`."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.reviews import ReviewActivities
    from models.reviews.messages import ChangeReview
    from models.reviews.types import Review
    from workflows.beginning import MayRefuseToBegin
    from workflows.saga import Saga, is_refusal, unbroken


@workflow.defn(name="ReviewChange")
class ReviewChange(MayRefuseToBegin):
    """The review is in a database and whoever listens is behind Kafka: what was changed is told, whatever fails.

    Who asked is answered as soon as the database has it. A wish that is refused changes nothing and ends here.
    """

    @workflow.init
    def __init__(self, ask: ChangeReview) -> None:
        self._ask = ask
        self._saga = Saga("queue")
        self._review: Review | None = None
        self._refused: BaseException | None = None

    @workflow.run
    async def run(self, ask: ChangeReview) -> None:
        """Ends when everything is told. Temporal's own cancel does not stop it."""
        await unbroken(self._process())

    async def _process(self) -> None:
        wish = self._ask.wish
        try:
            done = await self._saga.store_call(
                ReviewActivities.change_review, self._ask, f"{wish.kind} review {wish.review_id}"
            )
        except ActivityError as error:
            if not is_refusal(error):
                raise
            self._refused = error
        else:
            self._review = done.review
            self._saga.announce(done.unannounced)
            await self._saga.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def begin(self) -> Review:
        """What is told at once to who asked: the review as it is now, or why it is not changed."""
        await workflow.wait_condition(lambda: self._review is not None or self._refused is not None)
        if self._refused is not None:
            raise self._refused
        assert self._review is not None
        return self._review
