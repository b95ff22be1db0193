"""What every engine promises of what is written into it."""

import asyncio
from itertools import permutations

import pytest

from search.documents import Gone, SalesPatch
from search.engine import NoSuchBuild, SearchEngine
from search.query import Filters, SearchQuery, Sort
from tests.integration.search.asking import (
    OnAnEmptyEngine,
    finds,
    holds,
    in_order,
    price_is,
    soon,
)
from tests.integration.search.goods import offers, product, sku, spu


class WritingContract(OnAnEmptyEngine):
    """Revisions decide, not arrival."""

    async def test_what_was_put_is_found_and_what_replaces_it_too(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "紫砂壶 Clay teapot")])
        assert await finds(engine, "teapot", "紫砂壶 Clay teapot")
        await engine.put([product("pot", "青瓷碗 Celadon bowl", revision=2)])
        assert await finds(engine, "bowl", "青瓷碗 Celadon bowl")
        assert await finds(engine, "紫砂壶", correct=False)

    async def test_a_document_that_is_not_newer_changes_nothing(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "New teapot", revision=5)])
        await engine.put([product("pot", "Older kettle", revision=4)])
        await engine.put([product("pot", "Same kettle", revision=5)])
        assert await finds(engine, "", "New teapot")
        assert await finds(engine, "kettle", correct=False)

    async def test_of_two_documents_in_one_call_the_newer_is_held(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Second", revision=2), product("pot", "First", revision=1)])
        assert await finds(engine, "", "Second")

    async def test_a_thousand_documents_go_in_one_call(self, engine: SearchEngine) -> None:
        await engine.put([product(f"mug-{number}", f"Mug {number}") for number in range(1000)])
        assert await holds(engine, 1000)

    async def test_whatever_the_order_of_arrival_the_newest_is_what_is_held(self, engine: SearchEngine) -> None:
        expected = []
        for number, order in enumerate(permutations(range(4))):
            name = f"lamp-{number}"
            writes = (
                lambda name=name: engine.put([product(name, "First lamp", revision=1)]),
                lambda name=name: engine.remove([Gone(spu_id=spu(name), revision=2)]),
                lambda name=name: engine.put([product(name, f"Third lamp {name}", revision=3)]),
                lambda name=name: engine.put([product(name, "Second lamp", revision=2)]),
            )
            for place in order:
                await writes[place]()
            expected.append(f"Third lamp {name}")
        assert await finds(engine, "lamp", *expected, limit=100)

    async def test_what_is_gone_is_not_found_and_an_older_document_does_not_bring_it_back(
        self, engine: SearchEngine
    ) -> None:
        await engine.put([product("pot", "Teapot", revision=1)])
        await engine.remove([Gone(spu_id=spu("pot"), revision=3)])
        await engine.put([product("pot", "Teapot", revision=2)])
        assert await finds(engine, "teapot", correct=False)
        await engine.put([product("pot", "Teapot", revision=4)])
        assert await finds(engine, "teapot", "Teapot")

    async def test_gone_is_remembered_of_a_product_that_was_never_held(self, engine: SearchEngine) -> None:
        await engine.remove([Gone(spu_id=spu("pot"), revision=3)])
        await engine.put([product("pot", "Teapot", revision=2)])
        assert await finds(engine, "")

    async def test_gone_that_was_seen_before_the_document_removes_nothing(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot", revision=3)])
        await engine.remove([Gone(spu_id=spu("pot"), revision=2)])
        assert await finds(engine, "", "Teapot")

    async def test_writes_of_nothing_are_no_mistake(self, engine: SearchEngine) -> None:
        await engine.put([])
        await engine.remove([])
        await engine.patch_offers([])
        await engine.patch_sales([])
        assert await finds(engine, "")

    async def test_many_writers_at_once_leave_the_newest_of_each_product(self, engine: SearchEngine) -> None:
        await asyncio.gather(
            *(
                engine.put([product(f"cup-{n}", f"Cup of round {round_}", revision=round_) for n in order])
                for round_ in range(1, 6)
                for order in (range(8), reversed(range(8)))
            )
        )
        assert await finds(engine, "cup", *["Cup of round 5"] * 8)


class PatchContract(OnAnEmptyEngine):
    """Parts of a document, written alone."""

    async def test_offers_change_prices_and_what_can_be_ordered(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot", skus=[sku("P-1", 900), sku("P-2", 1900)])])
        await engine.patch_offers(
            [offers("pot", sku("P-1", 700, available=False), sku("P-3", 1500, available=False), revision=2)]
        )
        assert await finds(engine, "", filters=Filters(in_stock=True))
        hit = (await engine.search(SearchQuery(text="teapot"))).hits[0]
        assert (hit.price_from.minor, hit.price_to.minor, hit.in_stock) == (700, 1500, False)
        assert hit.price_from.currency == "CNY"
        assert await finds(engine, "p-3", "Teapot", correct=False)
        assert await finds(engine, "p-2", correct=False)

    async def test_offers_that_are_older_than_those_held_change_nothing(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot", revision=3, price=300)])
        await engine.patch_offers([offers("pot", sku("P-1", 500), revision=5)])
        await engine.patch_offers([offers("pot", sku("P-1", 400), revision=4)])
        await engine.patch_offers([offers("pot", sku("P-1", 200), revision=2)])
        assert await soon(lambda: price_is(engine, 500))

    async def test_a_document_read_before_a_patch_brings_its_title_and_leaves_the_newer_prices(
        self, engine: SearchEngine
    ) -> None:
        await engine.put([product("pot", "Teapot", revision=1, price=100)])
        await engine.patch_offers([offers("pot", sku("P-1", 300), revision=3)])
        await engine.put([product("pot", "Large teapot", revision=2, price=200)])
        assert await finds(engine, "", "Large teapot")
        assert await soon(lambda: price_is(engine, 300))
        await engine.put([product("pot", "Large teapot", revision=4, price=400)])
        assert await soon(lambda: price_is(engine, 400))

    async def test_a_patch_brings_nothing_back_and_makes_nothing(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot")])
        await engine.remove([Gone(spu_id=spu("pot"), revision=2)])
        await engine.patch_offers([offers("pot", sku("P-1"), revision=3), offers("cup", sku("C-1"), revision=3)])
        await engine.patch_sales([SalesPatch(spu_id=spu("pot"), sales=3), SalesPatch(spu_id=spu("cup"), sales=3)])
        assert await finds(engine, "")
        await engine.put([product("cup", "Cup", revision=1)])
        assert await finds(engine, "", "Cup")

    async def test_sales_change_the_order_and_the_newest_writing_counts(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot", sales=5), product("cup", "Cup", sales=1)])
        await engine.patch_sales([SalesPatch(spu_id=spu("cup"), sales=9), SalesPatch(spu_id=spu("pot"), sales=7)])
        assert await soon(lambda: in_order(engine, ["Cup", "Teapot"], sort=Sort.SALES))
        await engine.patch_sales([SalesPatch(spu_id=spu("cup"), sales=2)])
        assert await soon(lambda: in_order(engine, ["Teapot", "Cup"], sort=Sort.SALES))


class HeldContract(OnAnEmptyEngine):
    """What the index holds, for comparing it with the catalogue."""

    async def test_all_that_is_held_is_told_in_pages_by_id_and_what_is_gone_is_not(self, engine: SearchEngine) -> None:
        await engine.put([product(f"mug-{number}", f"Mug {number}", revision=number + 1) for number in range(7)])
        await engine.remove([Gone(spu_id=spu("mug-3"), revision=99)])
        await engine.patch_offers([offers("mug-2", sku("M"), revision=50)])
        expected = sorted((spu(f"mug-{number}"), number + 1) for number in range(7) if number != 3)
        assert await holds(engine, 6)
        first = await engine.held(after=None, limit=4)
        rest = await engine.held(after=first[-1].spu_id, limit=4)
        assert [(held.spu_id, held.revision) for held in (*first, *rest)] == expected
        assert list(await engine.held(after=rest[-1].spu_id, limit=4)) == []


class BuildContract(OnAnEmptyEngine):
    """An index beside the one that is read."""

    async def test_a_build_is_seen_only_when_it_was_swapped_in(self, engine: SearchEngine) -> None:
        await engine.put([product("old", "Old mug"), product("both", "Both mugs")])
        await engine.begin_build("2026-11-01T12:00 ünïted / build'; --")
        name = "2026-11-01T12:00 ünïted / build'; --"
        await engine.put([product("new", "New mug"), product("both", "Both mugs")], index=name)
        await engine.remove([Gone(spu_id=spu("never"), revision=5)], index=name)
        assert await finds(engine, "mug", "Old mug", "Both mugs")
        assert [held.spu_id for held in await engine.held(after=None, limit=9, index=name)] == sorted(
            [spu("new"), spu("both")]
        )
        await engine.swap_in(name)
        assert await finds(engine, "mug", "New mug", "Both mugs")
        await engine.put([product("never", "Never mug", revision=4)])
        assert await finds(engine, "mug", "New mug", "Both mugs")
        assert ("query", "old") not in [(one.kind, one.text) for one in await engine.suggest("ol")]

    async def test_beginning_again_goes_on_and_swapping_again_does_nothing(self, engine: SearchEngine) -> None:
        await engine.begin_build("one")
        await engine.put([product("pot", "Teapot")], index="one")
        await engine.begin_build("one")
        assert len(await engine.held(after=None, limit=9, index="one")) == 1
        await engine.swap_in("one")
        await engine.put([product("cup", "Cup")])
        await engine.swap_in("one")
        await engine.begin_build("one")
        await engine.put([product("jar", "Jar")], index="one")
        assert await finds(engine, "", "Teapot", "Cup", "Jar")

    async def test_a_swap_that_is_repeated_after_the_next_one_does_nothing(self, engine: SearchEngine) -> None:
        for name in ("one", "two"):
            await engine.begin_build(name)
            await engine.put([product(name, f"Mug {name}")], index=name)
            await engine.swap_in(name)
        await engine.swap_in("one")
        assert await finds(engine, "mug", "Mug two")

    async def test_a_dropped_build_is_away_and_what_is_read_stays(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot")])
        await engine.begin_build("given up")
        await engine.put([product("cup", "Cup")], index="given up")
        await engine.drop_build("given up")
        await engine.drop_build("given up")
        await engine.drop_build("never begun")
        with pytest.raises(NoSuchBuild):
            await engine.put([product("cup", "Cup")], index="given up")
        await engine.begin_build("kept")
        await engine.put([product("jar", "Jar")], index="kept")
        await engine.swap_in("kept")
        await engine.drop_build("kept")
        assert await finds(engine, "", "Jar")
        await engine.begin_build("given up")
        assert list(await engine.held(after=None, limit=9, index="given up")) == []

    async def test_what_was_never_begun_is_a_mistake(self, engine: SearchEngine) -> None:
        with pytest.raises(NoSuchBuild):
            await engine.swap_in("never begun")
        with pytest.raises(NoSuchBuild):
            await engine.put([product("cup", "Cup")], index="never begun")
        with pytest.raises(NoSuchBuild):
            await engine.held(after=None, limit=1, index="never begun")

    async def test_no_search_sees_neither_index_or_both_while_they_are_exchanged(self, engine: SearchEngine) -> None:
        await engine.put([product(f"mug-{number}", "Mug of build 0") for number in range(20)])
        assert await holds(engine, 20)
        seen: set[tuple[str, ...]] = set()
        done = asyncio.Event()

        async def read() -> None:
            while not done.is_set():
                result = await engine.search(SearchQuery(text="mug", facets=("brand",)))
                seen.add((*sorted({hit.title for hit in result.hits}), str(result.total)))

        readers = [asyncio.create_task(read()) for _ in range(3)]
        for build in ("1", "2", "3"):
            await engine.begin_build(build)
            await engine.put([product(f"mug-{n}", f"Mug of build {build}") for n in range(20)], index=build)
            await engine.swap_in(build)
        done.set()
        await asyncio.gather(*readers)
        assert seen <= {(f"Mug of build {build}", "20") for build in range(4)}
