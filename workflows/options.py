"""Queues, timeouts and retry policies, each named once."""

from datetime import timedelta
from enum import StrEnum

from temporalio.common import RetryPolicy


class TaskQueue(StrEnum):
    """Where work waits for a worker. `hanse worker --queue NAME` serves one; without a name, all."""

    CHECKOUT = "checkout"
    """All sagas, and their store calls where they are placed inline."""
    ORDERS = "orders"
    INVENTORY = "inventory"
    PROMOTIONS = "promotions"
    PAYMENTS = "payments"
    FULFILLMENT = "fulfillment"
    POINTS = "points"
    AFTERSALES = "aftersales"
    REVIEWS = "reviews"
    NOTIFICATIONS = "notifications"
    WEBHOOKS = "webhooks"
    AUDIT = "audit"
    """What goes through every book of the shop, and may take long: to look, or to remove what was kept long enough."""
    CHANNELS_PAYMENT = "channels-payment"
    CHANNELS_CARRIER = "channels-carrier"
    BUS = "bus"
    SEARCH = "search"
    """What writes to the search index."""


STORE_CALL = timedelta(seconds=5)
"""One transaction of one store; it takes milliseconds, or the database is in trouble."""

OUTSIDE_CALL = timedelta(seconds=15)
"""One call to a payment channel, a carrier or Kafka. The client's own timeout is shorter and says more."""

WEBHOOK_CALL = timedelta(seconds=30)
"""One try of a webhook: the receiver has 15 seconds, the log the rest."""

LONG_CALL = timedelta(minutes=10)
"""A store call over a great many rows."""

SIGN_OF_LIFE = timedelta(seconds=15)
"""How long a step that may take minutes may say nothing. Its worker says three times in that time that it lives
(`activities/alive.py`); one that does not is dead, and another takes the step up."""

BRIEFLY = RetryPolicy(
    initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=400), maximum_attempts=4
)
"""Inside the saga's own worker: long enough for a lost connection. After that the call becomes an ordinary activity, which
an operator sees waiting in the Web UI with its last error."""

UNTIL_DONE = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
"""Without limit: the step must happen, and it is idempotent."""

SEVERAL_TIMES = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10), maximum_attempts=4
)
"""For what the next run of a schedule does again."""
