"""Every change of a review is carried out by a process of its own, `review-change/{key}`."""

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.edge.sagas import ask_starting
from api.wiring import Services
from models.reviews.messages import ChangeReview, Wish, review_change_id
from models.reviews.types import Review
from workflows.options import TaskQueue
from workflows.review_change import ReviewChange


async def changed(shop: Services, wish: Wish, key: str) -> Review:
    """Carry out this wish, once a key, and answer the review as it is then."""
    start = WithStartWorkflowOperation(
        ReviewChange.run,
        ChangeReview(key=key, wish=wish),
        id=review_change_id(key),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=f"{wish.kind} review {wish.review_id}",
    )
    begin, workflow_id = f"begin/{key}", review_change_id(key)
    answer: Review = await ask_starting(
        shop.temporal, ReviewChange.begin, None, start, begin, workflow_id, refusal=ReviewChange.refusal
    )
    return answer
