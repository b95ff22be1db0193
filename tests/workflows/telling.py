"""Workflows of reviews, notices and webhooks in a test: what they are started with, and what their steps answer."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from models.notifications.messages import BatchTold, TellBatch, TellPeople, notify_id
from models.orders.events import OrderCompleted
from models.reviews.events import ReviewRemoved
from models.reviews.messages import ChangeReview, RemoveReview, ReviewChanged, review_change_id
from models.reviews.types import Part, PartState, Review, ReviewPart
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId, WebhookDeliveryId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.events import WebhookEndpointDisabled
from models.webhooks.messages import DeliveryInput, Next, Tried, TryDelivery, delivery_workflow_id
from models.webhooks.rules import message_for
from tests.workflows.sagas import Sagas
from workflows.notify import Notify
from workflows.options import TaskQueue
from workflows.review_change import ReviewChange
from workflows.webhook_delivery import WebhookDelivery

T0 = datetime(2026, 11, 22, tzinfo=UTC)
BUYER, ENDPOINT = UserId.derive(T0, "buyer"), WebhookEndpointId.derive(T0, "endpoint")
REVIEW = Review(
    review_id=ReviewId.derive(T0, "review"),
    order_id=OrderId.derive(T0, "order"),
    line_no=1,
    user_id=BUYER,
    author="A***a",
    sku_id=SkuId.derive(T0, "sku"),
    spu_id=SpuId.derive(T0, "spu"),
    title="Tea",
    options="",
    stars=5,
    main=ReviewPart(
        part=Part.MAIN,
        text="good",
        shown="good",
        pictures=(),
        state=PartState.PUBLISHED,
        words_version=1,
        written_at=T0,
    ),
    posted_at=T0,
    version=1,
)
REMOVED = ReviewRemoved(occurred_at=T0, review_id=REVIEW.review_id, user_id=BUYER, spu_id=REVIEW.spu_id)
COMPLETED = OrderCompleted(
    occurred_at=T0, order_id=OrderId.derive(T0, "order"), user_id=BUYER, total=Money(minor=36_800)
)
DISABLED = WebhookEndpointDisabled(occurred_at=T0, endpoint_id=ENDPOINT, why="failing")


class Reviewing:
    """A buyer takes a review back, which Kafka does not hear at once."""

    def __init__(self, sagas: Sagas) -> None:
        self._client = sagas.client
        key = secrets.token_hex(6)
        wish = RemoveReview(review_id=REVIEW.review_id, at=T0, user_id=BUYER)
        self.ask = ChangeReview(key=key, wish=wish)
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(ReviewChange.run, review_change_id(key))
        sagas.steps.answer("reviews.change_review", ReviewChanged(review=REVIEW, unannounced=(REMOVED,)))

    async def begin(self) -> Review:
        """Ask for it, as the api does."""
        start = WithStartWorkflowOperation(
            ReviewChange.run,
            self.ask,
            id=self.handle.id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        return await self._client.execute_update_with_start_workflow(
            ReviewChange.begin, start_workflow_operation=start, id="begin"
        )


async def notify(sagas: Sagas, left: tuple[int, ...] = ()) -> WorkflowHandle[Any, Any]:
    """An order is completed and an endpoint given up: its buyer and operators are to be told. What is left was not, at first."""
    source = f"/hanse/orders-{secrets.token_hex(4)}"
    batch = TellBatch(tellings=tuple(TellPeople(source=source, event=event) for event in (COMPLETED, DISABLED)))
    sagas.steps.answer("notifications.tell_batch", BatchTold(told=2 - len(left), left=left))
    sagas.steps.answer("notifications.tell_people", 1)
    return await sagas.start(Notify.run, batch, notify_id(batch))


def failing(times: int, last: Tried | None = None) -> Callable[[TryDelivery], Tried]:
    """An endpoint that fails so often; then it takes the message, or does what `last` says."""

    def answer(ask: TryDelivery) -> Tried:
        if ask.number > times:
            return last or Tried(next=Next.NOTHING, says="delivered, 200")
        return Tried(next=Next.NOTHING if ask.last else Next.TRY_AGAIN, says="http_500")

    return answer


async def delivery(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """An order is completed: an endpoint is to be told."""
    message = message_for(COMPLETED, "/hanse/orders")
    delivery_id = WebhookDeliveryId.mint(T0, secrets.token_bytes(10))
    start = DeliveryInput(delivery_id=delivery_id, endpoint_id=ENDPOINT, message=message, asked_at=T0)
    return await sagas.start(WebhookDelivery.run, start, delivery_workflow_id(delivery_id))
