"""What an operator's change took to its mark is told until Kafka has heard of it."""

from models.shared.ids import SkuId
from tests.workflows.notices import T0, notice
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Scripted


async def test_each_crossing_is_told_with_what_is_left(sagas: Sagas, steps: Scripted) -> None:
    assert await (await notice(sagas)).result() == 2
    (batch,) = steps.told("bus.publish_events")
    assert [(event.sku_id, event.available) for event in batch.events] == [
        (SkuId.derive(T0, "tea"), 2),
        (SkuId.derive(T0, "cup"), 2),
    ]


async def test_a_notice_is_not_lost_while_kafka_is_away_or_temporal_cancels(sagas: Sagas, steps: Scripted) -> None:
    steps.fail("bus.publish_events", times=2)
    run = await notice(sagas)
    await sagas.called("bus.publish_events")
    await run.cancel()
    assert await run.result() == 2
    assert len(steps.told("bus.publish_events")) == 3
