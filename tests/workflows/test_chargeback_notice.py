"""A chargeback stands in the order's timeline and reaches Kafka, whatever is away meanwhile."""

from tests.workflows.notices import chargeback_notice, charged_back
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Scripted


async def test_a_chargeback_is_noted_and_told_though_kafka_is_away_and_temporal_cancels(
    sagas: Sagas, steps: Scripted
) -> None:
    booked = charged_back()
    steps.fail("bus.publish_events", times=2)
    run = await chargeback_notice(sagas, booked)
    await sagas.called("bus.publish_events")
    await run.cancel()
    await run.result()
    (note,) = steps.told("orders.note_step")
    assert (note.order_id, note.entry.step, note.entry.workflow_id) == (booked.order_id, "charged_back", run.id)
    assert "100.00" in note.entry.detail
    event = steps.told("bus.publish_events")[-1].events[0]
    assert (event.chargeback_id, event.amount, event.covered) == (
        booked.chargeback_id,
        booked.amount,
        booked.covered,
    )
