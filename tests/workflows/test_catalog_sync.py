"""An edit is followed whoever dies, and what follows does so at its own pace."""

from datetime import UTC, datetime, timedelta

import pytest

from models.search.messages import Followed, IndexProducts, StockTurned
from tests.workflows.catalogues import Syncing, building, drift, reindex
from tests.workflows.sagas import Sagas


@pytest.fixture
def syncing(sagas: Sagas) -> Syncing:
    return Syncing(sagas)


async def test_an_edit_that_ends_is_followed_once(syncing: Syncing) -> None:
    await syncing.announced()
    await syncing.ended()
    await syncing.handle.result()
    assert sorted(syncing.steps.names()) == ["products.tell_changes", "search.index_products"]


async def test_an_edit_that_was_refused_costs_no_reading(syncing: Syncing) -> None:
    await syncing.announced()
    await syncing.ended(changed=False)
    await syncing.handle.result()
    assert syncing.steps.names() == []


async def test_an_edit_whose_process_died_is_looked_for_and_then_forgotten(syncing: Syncing) -> None:
    await syncing.announced()
    for looks, seconds in enumerate((3, 12, 45), start=1):
        await syncing.sagas.later(syncing.handle, seconds=seconds + 0.5)
        await syncing.sagas.called("search.index_products", times=looks)
    assert await syncing.sagas.ended(syncing.handle) == 3


async def test_the_end_of_one_edit_is_not_the_end_of_another(syncing: Syncing) -> None:
    await syncing.announced("one")
    await syncing.announced("two")
    await syncing.ended("one")
    await syncing.sagas.called("search.index_products")
    await syncing.ended("two")
    await syncing.handle.result()
    assert syncing.indexed() == 2


async def test_a_change_that_comes_while_one_is_followed_is_followed_after_it(syncing: Syncing) -> None:
    async def meanwhile() -> None:
        await syncing.ended("unannounced")

    syncing.steps.meanwhile("search.index_products", meanwhile)
    await syncing.announced()
    await syncing.ended()
    await syncing.handle.result()
    assert syncing.indexed() == 2


async def test_stock_that_turned_is_a_matter_of_offers_unless_more_changed(syncing: Syncing) -> None:
    async def meanwhile() -> None:
        await syncing.ended("edit")

    syncing.steps.meanwhile("search.index_products", meanwhile)
    await syncing.told("stock_turned", StockTurned())
    await syncing.handle.result()
    asks: list[IndexProducts] = syncing.steps.told("search.index_products")
    assert [ask.offers_only for ask in asks] == [True, False]


async def test_kafka_being_away_does_not_keep_the_index_waiting(syncing: Syncing) -> None:
    syncing.steps.hang("products.tell_changes")
    await syncing.announced()
    await syncing.ended()
    await syncing.sagas.called("search.index_products")
    await syncing.ended("another")
    await syncing.sagas.called("search.index_products", times=2)


async def test_what_changes_by_itself_in_a_moment_is_looked_at_then(syncing: Syncing) -> None:
    coming = [datetime.now(UTC) + timedelta(seconds=1)]

    def indexed(_ask: IndexProducts) -> Followed:
        return Followed(products=1, again_at=coming.pop() if coming else None)

    syncing.steps.answer("search.index_products", indexed)
    await syncing.announced()
    await syncing.ended()
    assert await syncing.sagas.ended(syncing.handle) == 2


async def test_a_rebuild_begins_builds_checks_and_swaps(sagas: Sagas) -> None:
    building(sagas)
    handle = await reindex(sagas)
    done = await handle.result()
    assert (done.doing, done.done, done.build) == ("done", 5_000, "build_1")
    assert sagas.steps.names() == [
        "search.begin_build",
        "search.build_stretch",
        "search.build_stretch",
        "search.check_build",
        "search.swap_build",
    ]


async def test_a_rebuild_that_is_given_up_is_dropped_and_not_swapped(sagas: Sagas) -> None:
    building(sagas)
    await (await reindex(sagas, give_up=True)).result()
    assert sagas.steps.names() == ["search.begin_build", "search.drop_build"]


async def test_drift_is_looked_at_twice_and_counted(sagas: Sagas) -> None:
    handle = await drift(sagas)
    done = await sagas.ended(handle)
    assert (done.compared, done.repaired) == (5_010, 1)
