"""What the Meilisearch engine does itself so that writes keep their order, against a simulator that does tasks as the server does."""

from collections.abc import AsyncIterator

import pytest

from search.engine import SearchEngine, SearchUnavailable
from search.meilisearch import MeilisearchEngine
from search.meilisearch.asking import questions, result_of
from search.query import Filters, SearchQuery, Sort
from tests.databases import MigratedCopies
from tests.integration.search.engine_contract import (
    BuildContract,
    HeldContract,
    NewEngine,
    PatchContract,
    WritingContract,
)
from tests.integration.search.goods import brand, product
from tests.integration.search.meilisearch_engines import engines
from tests.simulators.meilisearch import Meilisearch


@pytest.fixture(scope="module")
async def simulator() -> AsyncIterator[Meilisearch]:
    server = Meilisearch()
    await server.open()
    yield server
    await server.close()


@pytest.fixture(scope="module")
async def new_engine(migrated_copies: MigratedCopies, simulator: Meilisearch) -> AsyncIterator[NewEngine]:
    async with engines(migrated_copies, simulator.url, "key") as new:
        yield new


class TestTheOrderOfWrites(WritingContract, PatchContract, HeldContract, BuildContract):
    async def test_a_task_that_fails_is_a_fault_and_the_same_write_can_be_repeated(
        self, engine: SearchEngine, simulator: Meilisearch
    ) -> None:
        simulator.broken = True
        with pytest.raises(SearchUnavailable, match="could not do its task"):
            await engine.put([product("pot", "Teapot")])
        simulator.broken = False
        await engine.put([product("pot", "Teapot")])
        assert len(await engine.held(after=None, limit=9)) == 1

    async def test_a_swap_that_was_taken_before_a_process_died_is_not_asked_for_again(
        self, engine: MeilisearchEngine, simulator: Meilisearch
    ) -> None:
        await engine.begin_build("one")
        await engine.put([product("pot", "Teapot")], index="one")
        before = len(simulator.tasks)
        simulator.swap_later(engine._live, engine._uid("one"))
        await engine.swap_in("one")
        swaps = [task for task in simulator.tasks[before:] if task["type"] == "indexSwap"]
        assert len(swaps) == 1
        assert len(await engine.held(after=None, limit=9)) == 1


def test_a_facet_with_a_filter_of_its_own_is_a_question_of_its_own() -> None:
    narrowed = Filters(brand_ids=(brand("Alster"),), price_from=100, price_to=900, in_stock=True)
    query = SearchQuery(text="mug", filters=narrowed, facets=("brand", "attribute.material", "odd"), sort=Sort.PRICE_UP)
    page, count = questions(query, "products")
    assert page["filter"] == [f'"brand_id" IN ["{brand("Alster")}"]', "prices 100 TO 900", "in_stock = true"]
    assert (page["facets"], page["sort"][0]) == (["attribute.material"], "price_from:asc")
    assert (count["facets"], count["filter"]) == (["brand"], ["prices 100 TO 900", "in_stock = true"])
    distributions = [{"attribute.material": {"steel": 2}}, {"brand": {f"Alster|{brand('Alster')}": 2}}]
    found = result_of(query, [{"hits": [], "totalHits": 2, "facetDistribution": one} for one in distributions])
    assert [(value.label, value.count) for value in found.facets["brand"]] == [("Alster", 2)]
    assert found.facets["odd"] == ()


def test_what_a_buyer_types_is_never_read_as_a_filter() -> None:
    hostile = Filters(attributes={'x" OR y': ('a" OR 1 = 1 OR "b', "back\\slash")})
    (page,) = questions(SearchQuery(filters=hostile), "products")
    assert page["filter"] == ['"attribute.x\\" OR y" IN ["a\\" OR 1 = 1 OR \\"b", "back\\\\slash"]']
