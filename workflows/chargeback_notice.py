"""A channel took money back: told once for each case, `chargeback/{chargeback_id}`.

The booking is a store method without a saga (docs/decisions/0021). What tells of it crosses databases: the order's timeline says
it, and whoever listens to Kafka hears of it, among them operators of finance.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities
    from models.orders.messages import NoteStep
    from models.orders.types import TimelineEntry
    from models.payments.chargebacks import Chargeback
    from models.payments.events import PaymentChargedBack
    from workflows.saga import Saga, unbroken


@workflow.defn(name="ChargebackNotice")
class ChargebackNotice:
    """One chargeback that stands in the books. Ends when the order's timeline and Kafka have it."""

    @workflow.run
    async def run(self, booked: Chargeback) -> None:
        """Temporal's own cancel does not stop it."""
        saga = Saga("queue")
        saga.announce((_event(booked),))
        note = NoteStep(order_id=booked.order_id, entry=_entry(booked))
        await unbroken(saga.store_call(OrderActivities.note_step, note, "note the chargeback in the order's timeline"))
        await unbroken(saga.announced())


def _event(booked: Chargeback) -> PaymentChargedBack:
    same = booked.model_dump(include={"order_id", "payment_id", "chargeback_id", "channel", "amount", "covered"})
    return PaymentChargedBack(occurred_at=booked.occurred_at, **same)


def _entry(booked: Chargeback) -> TimelineEntry:
    return TimelineEntry(
        at=booked.booked_at,
        step="charged_back",
        actor=booked.channel,
        detail=f"{booked.amount}, {booked.covered} of it kept until then",
        workflow_id=workflow.info().workflow_id,
    )
