"""The index is built anew beside the one that is read, and index and catalogue are compared."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.testing import ActivityEnvironment

from activities.following import Reindexing
from activities.following_imports import FollowedImport
from models.products.types import Product
from models.search.messages import BeginBuild, CompareStretch, RepairDrift, Scope
from models.shared.ids import SpuId
from search.documents import Gone
from tests.integration.products.catalogue import NOW
from tests.integration.search.in_step import InStep

SOLD_OUT = "Linen shirt 亚麻衬衫 199 sold out"


async def rebuilt(in_step: InStep) -> int:
    handle = await Reindexing(in_step.client).begin()
    async with asyncio.timeout(20):
        done = await handle.result()
    assert done.doing == "done"
    return done.done


async def on_sale(in_step: InStep, *names: str) -> list[Product]:
    return [await in_step.catalogue.on_sale(name) for name in names]


async def test_a_rebuild_fills_an_empty_index_and_can_be_repeated(in_step: InStep) -> None:
    await on_sale(in_step, "one", "two", "three")
    assert await rebuilt(in_step) == 3
    assert await in_step.found() == [SOLD_OUT] * 3
    assert await rebuilt(in_step) == 3
    assert (await in_step.found(), await in_step.store.builds()) == ([SOLD_OUT] * 3, [])
    assert await drifted(in_step) == 0


async def test_what_changes_during_a_rebuild_is_in_the_new_index_and_in_the_old(in_step: InStep) -> None:
    renamed, hidden = await on_sale(in_step, "one", "two")
    await in_step.following.follow_and_wait(Scope(products=(renamed.spu_id, hidden.spu_id)))
    fresh: list[Product] = []
    met: list[list[str]] = []

    async def meanwhile() -> None:
        """The build has both products as they were; nobody reads it yet."""
        edits, draft = in_step.catalogue.edits, in_step.catalogue.draft(title="Flax shirt")
        await edits.change_product(renamed.spu_id, renamed.version, draft, NOW)
        await edits.unpublish(hidden.spu_id, hidden.version, NOW)
        fresh.append(await in_step.catalogue.on_sale("three"))
        for product in (renamed, hidden, *fresh):
            await in_step.activities._write([product.spu_id])
        met.append(await in_step.found())

    in_step.engine.meanwhile = meanwhile
    await rebuilt(in_step)
    assert met == [await in_step.found()]
    assert sorted(met[0]) == ["Flax shirt 199 sold out", SOLD_OUT]
    assert await drifted(in_step) == 0


async def test_a_rebuild_that_was_broken_off_goes_on_where_it_stopped_and_one_given_up_is_dropped(
    in_step: InStep,
) -> None:
    await on_sale(in_step, "one", "two", "three")
    begun = await in_step.activities.begin_build(BeginBuild(name="build_1"))
    after, done = await in_step.store.build_reached("build_1")
    assert (begun.done, after, done) == (0, "", 0)
    page = await in_step.listing.page("", 2)
    await in_step.store.note_built("build_1", page[-1], 2)  # two products were put in by a process that died
    assert (await in_step.activities.begin_build(BeginBuild(name="build_2"))).build == "build_1"

    handle = await Reindexing(in_step.client).begin(give_up=True)
    assert (await handle.result()).build == "build_1"
    assert (await in_step.store.builds(), await in_step.found()) == ([], [])
    await rebuilt(in_step)
    assert await in_step.found() == [SOLD_OUT] * 3


async def test_cancelling_leaves_what_was_built_to_the_next_rebuild(in_step: InStep) -> None:
    await on_sale(in_step, "one")
    waiting = asyncio.Event()

    async def meanwhile() -> None:
        waiting.set()
        await asyncio.sleep(1)

    in_step.engine.meanwhile = meanwhile
    handle = await Reindexing(in_step.client).begin()
    await waiting.wait()
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert len(await in_step.store.builds()) == 1
    await rebuilt(in_step)
    assert (await in_step.found(), await in_step.store.builds()) == ([SOLD_OUT], [])


async def drifted(in_step: InStep) -> int:
    """How many products differ, looked at twice and repaired."""
    steps, here = in_step.activities, ActivityEnvironment()
    found = await here.run(steps.compare_stretch, CompareStretch(after=None, most=5_000))
    assert found.after is None
    return (await here.run(steps.repair_drift, RepairDrift(products=found.drifted))).repaired if found.drifted else 0


async def test_what_drifted_apart_is_found_and_repaired(in_step: InStep) -> None:
    lost, stale, superfluous, right = await on_sale(in_step, "lost", "stale", "superfluous", "right")
    await in_step.following.follow_and_wait(
        Scope(products=(lost.spu_id, stale.spu_id, superfluous.spu_id, right.spu_id))
    )
    found = await in_step.reader.read([lost.spu_id, superfluous.spu_id])
    await in_step.engine.remove([Gone(spu_id=lost.spu_id, revision=found.revision)])
    draft = in_step.catalogue.draft(title="Flax shirt")
    await in_step.catalogue.edits.change_product(stale.spu_id, stale.version, draft, NOW)  # and nobody followed
    ghost = next(one for one in found.documents if one.spu_id == superfluous.spu_id)
    never_there = SpuId.derive(NOW, "never there")
    await in_step.engine.put([ghost.model_copy(update={"spu_id": never_there})])
    await in_step.catalogue.edits.unpublish(superfluous.spu_id, superfluous.version, NOW)

    assert await drifted(in_step) == 4
    assert await drifted(in_step) == 0
    assert sorted(await in_step.found()) == ["Flax shirt 199 sold out", SOLD_OUT, SOLD_OUT]


async def test_an_import_is_followed_batch_by_batch(in_step: InStep) -> None:
    shirt = await in_step.catalogue.product()
    change = (await in_step.catalogue.edits.publish(shirt.spu_id, shirt.version, NOW)).changes
    async with FollowedImport(in_step.following, NOW) as followed:
        await followed.batch(change)
        await followed.batch(())
    assert in_step.listener.told_of(shirt.spu_id) == ["product_changed", "product_published"]
