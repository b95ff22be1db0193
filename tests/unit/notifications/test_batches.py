"""What names a batch of events that people are told of."""

from datetime import UTC, datetime

from models.notifications.messages import TellBatch, TellPeople, notify_id
from models.orders.events import OrderCancelled, OrderCompleted, OrderPaid
from models.orders.types import CancelReason
from models.shared.events import Event
from models.shared.ids import OrderId, UserId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.events import WebhookEndpointDisabled

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORDER, BUYER, MONEY = OrderId.derive(NOW, "order"), UserId.derive(NOW, "buyer"), Money(minor=100)
PAID = OrderPaid(occurred_at=NOW, order_id=ORDER, user_id=BUYER, total=MONEY, lines=())
CANCELLED = OrderCancelled(occurred_at=NOW, order_id=ORDER, user_id=BUYER, reason=CancelReason.BY_USER)
COMPLETED = OrderCompleted(occurred_at=NOW, order_id=ORDER, user_id=BUYER, total=MONEY)
DISABLED = WebhookEndpointDisabled(
    occurred_at=NOW, endpoint_id=WebhookEndpointId.derive(NOW, "endpoint"), why="failing"
)


def batch(*events: Event) -> TellBatch:
    return TellBatch(tellings=tuple(TellPeople(source="/hanse/orders", event=event) for event in events))


def test_the_same_events_are_the_same_batch_and_one_more_event_is_another() -> None:
    assert notify_id(batch(PAID, CANCELLED)) == notify_id(batch(CANCELLED, PAID, PAID))
    assert notify_id(batch(PAID)) != notify_id(batch(PAID, CANCELLED))


def test_a_batch_says_what_it_holds_and_stays_short() -> None:
    assert batch(PAID, PAID).in_short == "2 events: order_paid"
    told = batch(PAID, CANCELLED, COMPLETED, DISABLED).in_short
    assert told == "4 events: order_paid, order_cancelled, order_completed and 1 more"
