"""What every engine promises (`search/engine.py`), as tests that run on each of them.

A module that has an engine subclasses `EngineContract` and gives two fixtures: `new_engine` of module scope, which makes an empty
prepared one at each call, and `engine_away`, whose server cannot be reached. Tests that only read share what they read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from search.documents import Gone, SalesPatch
from search.engine import NoSuchBuild, SearchEngine, SearchUnavailable
from search.query import Filters, SearchQuery, SearchResult, Sort
from tests.integration.search.goods import brand, category, merchant, offers, product, sku, spu

NewEngine = Callable[[], Awaitable[SearchEngine]]

SECOND = 50
"""Looks, twenty milliseconds apart: within a second a write is visible."""


async def soon(check: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it holds within a second."""
    for _ in range(SECOND):
        if await check():
            return True
        await asyncio.sleep(0.02)
    return await check()


async def titles(engine: SearchEngine, text: str = "", **more: object) -> list[str]:
    result = await engine.search(SearchQuery.model_validate({"text": text, **more}))
    return [hit.title for hit in result.hits]


async def finds(engine: SearchEngine, text: str, *expected: str, **more: object) -> bool:
    """Whether within a second these titles are found, in any order, and no other."""
    return await soon(lambda: _finds(engine, text, expected, more))


async def _finds(engine: SearchEngine, text: str, expected: tuple[str, ...], more: dict[str, object]) -> bool:
    return sorted(await titles(engine, text, **more)) == sorted(expected)


async def facet(engine: SearchEngine, name: str, **more: object) -> dict[str, int]:
    result = await engine.search(SearchQuery.model_validate({"facets": (name,), **more}))
    return {value.label: value.count for value in result.facets[name]}


class OnAnEmptyEngine:
    """What writes gets an engine of its own."""

    @pytest.fixture
    async def engine(self, new_engine: NewEngine) -> SearchEngine:
        return await new_engine()


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
        assert await soon(lambda: _price_is(engine, 500))

    async def test_a_document_read_before_a_patch_brings_its_title_and_leaves_the_newer_prices(
        self, engine: SearchEngine
    ) -> None:
        await engine.put([product("pot", "Teapot", revision=1, price=100)])
        await engine.patch_offers([offers("pot", sku("P-1", 300), revision=3)])
        await engine.put([product("pot", "Large teapot", revision=2, price=200)])
        assert await finds(engine, "", "Large teapot")
        assert await soon(lambda: _price_is(engine, 300))
        await engine.put([product("pot", "Large teapot", revision=4, price=400)])
        assert await soon(lambda: _price_is(engine, 400))

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
        assert await soon(lambda: _in_order(engine, ["Cup", "Teapot"], sort=Sort.SALES))
        await engine.patch_sales([SalesPatch(spu_id=spu("cup"), sales=2)])
        assert await soon(lambda: _in_order(engine, ["Teapot", "Cup"], sort=Sort.SALES))


class FilterContract(OnAnEmptyEngine):
    """Filters, facets, sorts, pages."""

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(category_id=category("Home")), ["Red mug", "Clay pot"]),
            (Filters(category_id=category("Mugs")), ["Red mug"]),
            (Filters(brand_ids=(brand("Alster"), brand("Yuntai"))), ["Red mug", "Clay pot"]),
            (Filters(merchant_ids=(merchant("Silk River"),)), ["Green bag"]),
            (Filters(in_stock=True), ["Red mug", "Green bag"]),
            (Filters(attributes={"material": ("clay", "silk")}), ["Clay pot", "Green bag"]),
            (Filters(attributes={"capacity": ("300",)}), ["Red mug"]),
            (Filters(options={"Colour": ("Red", "Green")}), ["Red mug", "Green bag"]),
            (Filters(options={"Colour": ("Green",), "Size": ("L",)}), ["Green bag"]),
            (Filters(price_from=2000), ["Red mug", "Clay pot", "Green bag"]),
            (Filters(price_to=2000), ["Red mug", "Green bag"]),
            (Filters(price_from=2000, price_to=3000), ["Clay pot", "Green bag"]),
            (Filters(price_from=1001, price_to=1999), []),
            (Filters(price_from=10**30), []),
            (Filters(price_from=3000, price_to=10**30), ["Red mug", "Clay pot"]),
            (Filters(price_from=6000, price_to=100), []),
            (Filters(category_id=category("Home"), in_stock=True, attributes={"material": ("steel",)}), ["Red mug"]),
            (Filters(category_id=category("Unknown")), []),
            (Filters(brand_ids=(brand("Unknown"),)), []),
            (Filters(attributes={"unknown": ("x",)}), []),
            (Filters(attributes={"material": ('steel" OR 1=1 OR material = "',)}), []),
            (Filters(options={"Colour' OR '1'='1": ("Red",)}), []),
            (Filters(attributes={"ma\x00terial": ("st\x00eel",)}, options={"\x00": ("\x00",)}), []),
            (Filters(attributes={"": ("",)}), []),
            (Filters(attributes={"material": ()}), ["Red mug", "Clay pot", "Green bag"]),
        ],
    )
    async def test_filters_narrow(self, stocked: SearchEngine, filters: Filters, expected: list[str]) -> None:
        assert sorted(await titles(stocked, filters=filters)) == sorted(expected)

    async def test_a_filter_and_a_text_narrow_together(self, stocked: SearchEngine) -> None:
        assert await titles(stocked, "mug", filters=Filters(category_id=category("Home"))) == ["Red mug"]
        assert await titles(stocked, "mug", filters=Filters(category_id=category("Bags")), correct=False) == []

    async def test_facets_tell_values_with_their_names_and_counts(self, stocked: SearchEngine) -> None:
        asked = (
            "brand",
            "category",
            "merchant",
            "in_stock",
            "attribute.material",
            "attribute.capacity",
            "option.Colour",
        )
        found = (await stocked.search(SearchQuery(facets=asked))).facets
        told = {name: {value.label: value.count for value in found[name]} for name in asked}
        assert told["brand"] == {"Alster": 1, "Yuntai": 1}
        assert told["category"] == {"Home": 2, "Mugs": 1, "Pots": 1, "Bags": 1}
        assert told["merchant"] == {"Hansa Home": 2, "Silk River": 1}
        assert told["in_stock"] == {"true": 2, "false": 1}
        assert told["attribute.material"] == {"steel": 1, "clay": 1, "silk": 1}
        assert told["attribute.capacity"] == {"300": 1}
        assert told["option.Colour"] == {"Red": 1, "Blue": 1, "Brown": 1, "Green": 1}
        assert found["category"][0].value == category("Home")
        assert found["merchant"][0].value == merchant("Hansa Home")

    async def test_a_facet_is_counted_without_its_own_filter_and_with_all_others(self, stocked: SearchEngine) -> None:
        alster = Filters(brand_ids=(brand("Alster"),), category_id=category("Home"))
        assert await facet(stocked, "brand", filters=alster) == {"Alster": 1, "Yuntai": 1}
        assert await facet(stocked, "attribute.material", filters=alster) == {"steel": 1}
        red = Filters(options={"Colour": ("Red",)})
        assert await facet(stocked, "option.Colour", filters=red) == {"Red": 1, "Blue": 1, "Brown": 1, "Green": 1}
        assert await facet(stocked, "in_stock", filters=Filters(in_stock=True)) == {"true": 2, "false": 1}
        assert await facet(stocked, "category", filters=Filters(category_id=category("Bags"))) == {
            "Home": 2, "Mugs": 1, "Pots": 1, "Bags": 1,
        }  # fmt: skip

    async def test_facets_count_what_the_text_finds(self, stocked: SearchEngine) -> None:
        assert await facet(stocked, "brand", text="mug") == {"Alster": 1}
        assert await facet(stocked, "in_stock", text="pot") == {"false": 1}

    @pytest.mark.parametrize(
        "name",
        [
            "colour",
            "attribute.",
            "attribute.unknown",
            "option.unknown",
            "attribute.x' OR 1=1",
            "option.\x00",
            "",
            "price",
        ],
    )
    async def test_an_unknown_facet_counts_nothing(self, stocked: SearchEngine, name: str) -> None:
        result = await stocked.search(SearchQuery(facets=(name, "brand")))
        assert result.facets[name] == ()
        assert len(result.facets["brand"]) == 2

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            (Sort.PRICE_UP, ["Red mug", "Green bag", "Clay pot"]),
            (Sort.PRICE_DOWN, ["Red mug", "Clay pot", "Green bag"]),
            (Sort.SALES, ["Clay pot", "Green bag", "Red mug"]),
            (Sort.NEWEST, ["Green bag", "Clay pot", "Red mug"]),
        ],
    )
    async def test_sorts_and_what_ranks_alike_comes_newest_first(
        self, stocked: SearchEngine, sort: Sort, expected: list[str]
    ) -> None:
        assert await titles(stocked, sort=sort) == expected

    async def test_pages_hold_everything_once_and_end(self, engine: SearchEngine) -> None:
        await engine.put([product(f"mug-{number}", f"Mug {number}") for number in range(25)])
        assert await holds(engine, 25)
        for text in ("", "mug"):
            pages = [
                await engine.search(SearchQuery(text=text, offset=offset, limit=10))
                for offset in (0, 10, 20, 30, 10**12)
            ]
            assert [len(page.hits) for page in pages] == [10, 10, 5, 0, 0]
            assert {page.total for page in pages} == {25}
            assert len({hit.spu_id for page in pages for hit in page.hits}) == 25
        nothing = await engine.search(SearchQuery(text="mug", limit=0))
        assert (nothing.hits, nothing.total, nothing.total_is_exact) == ((), 25, True)


class LanguageContract:
    """Questions in the languages of the shop."""

    @pytest.mark.parametrize(
        "text",
        [
            "耳机", "降噪", "headphones", "HEADPHONES", "ｈｅａｄｐｈｏｎｅｓ", "headphone", "  hush   headphones ", "hush-headphones",
            "耳機", "降噪 耳机", "降噪耳机", "耳机降噪", "bitwave headphones", "比特波耳机", "比特波 Bitwave", "headph", "hush head",
            "headphones!!!", "“耳机”", "🎧 耳机", "耳\u200b机", "earphones", "Copper headphones", "audio hush", "bw-hush-01", "BW-HUSH-01",
            "6901234567892", "noise cancelling", "续航",
        ],
    )  # fmt: skip
    async def test_finds_the_headphones_first_by(self, shop: SearchEngine, text: str) -> None:
        assert (await titles(shop, text))[:1] == ["静谧降噪耳机 Hush headphones"]

    @pytest.mark.parametrize("text", ["headphnes", "haedphones", "bitwav headphones", "hedphones"])
    async def test_a_typing_mistake_still_finds(self, shop: SearchEngine, text: str) -> None:
        assert (await titles(shop, text))[:1] == ["静谧降噪耳机 Hush headphones"]

    async def test_words_of_another_form_are_found(self, shop: SearchEngine) -> None:
        assert (await titles(shop, "dresses"))[:1] == ["夏日连衣裙 Summer dress"]
        assert (await titles(shop, "tents"))[:1] == ["山脊双人帐篷 Ridge tent for two"]

    async def test_attributes_are_found(self, shop: SearchEngine) -> None:
        assert await titles(shop, "cotton dress") == ["夏日连衣裙 Summer dress"]

    async def test_what_a_title_is_goes_before_what_mentions_it(self, shop: SearchEngine) -> None:
        assert (await titles(shop, "帐篷"))[0] == "山脊双人帐篷 Ridge tent for two"
        assert (await titles(shop, "tent poles"))[0] == "帐篷杆 Tent poles"

    async def test_a_title_is_marked_in_pieces_that_join_to_it(self, shop: SearchEngine) -> None:
        for text in ("耳机", "headphones", "耳機", "headph", "", "ＨＵＳＨ"):
            hit = next(hit for hit in (await shop.search(SearchQuery(text=text))).hits if hit.spu_id == spu("hush"))
            assert "".join(piece.text for piece in hit.highlighted) == hit.title
            assert any(piece.hit for piece in hit.highlighted) == bool(text), text
        for text in ("耳机", "耳機"):
            hit = (await shop.search(SearchQuery(text=text))).hits[0]
            assert [piece.text for piece in hit.highlighted if piece.hit] == ["耳机"]

    async def test_a_hit_tells_all_that_a_list_shows(self, shop: SearchEngine) -> None:
        hit = (await shop.search(SearchQuery(text="hush"))).hits[0]
        assert (hit.brand_id, hit.brand_name) == (brand("比特波 Bitwave"), "比特波 Bitwave")
        assert (hit.merchant_name, hit.category_id) == ("Hansa Home", category("音频 Audio"))
        assert (hit.price_from.minor, hit.price_to.minor, hit.in_stock, hit.sales) == (69900, 69900, True, 0)

    async def test_a_text_is_not_corrected_where_that_was_not_wanted_or_not_needed(self, shop: SearchEngine) -> None:
        assert (await shop.search(SearchQuery(text="headphnes", correct=False))).correction is None
        assert (await shop.search(SearchQuery(text="headphones"))).correction is None

    @pytest.mark.parametrize("text", ["qwzxvkjh", "锟斤拷烫烫烫", "zzzzzzzzzz qqqqqqqqq", "0000000000000"])
    async def test_nonsense_finds_nothing(self, shop: SearchEngine, text: str) -> None:
        result = await shop.search(SearchQuery(text=text))
        assert (result.hits, result.total, result.correction) == ((), 0, None)


class SuggestContract(OnAnEmptyEngine):
    """While somebody types."""

    @pytest.mark.parametrize(
        ("typed", "kind", "text"),
        [
            ("h", "product", "静谧降噪耳机 Hush headphones"),
            ("Hush", "product", "静谧降噪耳机 Hush headphones"),
            ("静", "product", "静谧降噪耳机 Hush headphones"),
            ("jingmi", "product", "静谧降噪耳机 Hush headphones"),
            ("jmjz", "product", "静谧降噪耳机 Hush headphones"),
            ("bitw", "brand", "比特波 Bitwave"),
            ("比特", "brand", "比特波 Bitwave"),
            ("btb", "brand", "比特波 Bitwave"),
            ("bitebo", "brand", "比特波 Bitwave"),
            ("音", "category", "音频 Audio"),
            ("yinp", "category", "音频 Audio"),
            ("aud", "category", "音频 Audio"),
            ("headp", "query", "headphones"),
            ("连衣", "query", "连衣裙"),
            ("lianyiq", "query", "连衣裙"),
            ("lyq", "query", "连衣裙"),
            ("連衣", "query", "连衣裙"),
        ],
    )
    async def test_suggests(self, typing: SearchEngine, typed: str, kind: str, text: str) -> None:
        found = await typing.suggest(typed)
        assert (kind, text) in [(suggestion.kind, suggestion.text) for suggestion in found]
        references = {"product": spu("hush"), "brand": brand("比特波 Bitwave"), "category": category("音频 Audio")}
        assert [one.id for one in found if (one.kind, one.text) == (kind, text)] == [references.get(kind)]

    async def test_no_more_than_was_asked_and_nothing_twice(self, typing: SearchEngine) -> None:
        for typed in ("h", "s", "b", "jm", "连"):
            for limit in (0, 1, 2, 10):
                found = [suggestion.text for suggestion in await typing.suggest(typed, limit=limit)]
                assert len(found) <= limit
                assert len(set(found)) == len(found)

    async def test_what_is_gone_is_suggested_no_longer(self, engine: SearchEngine) -> None:
        await engine.put([product("hush", "静谧耳机 Hush headphones", brand_name="Bitwave", categories=("Audio",))])
        await engine.remove([Gone(spu_id=spu("hush"), revision=2)])
        for typed in ("hush", "bitw", "audio", "headp", "jmej"):
            assert await soon(lambda typed=typed: _suggests_nothing(engine, typed)), typed

    @pytest.mark.parametrize(
        "typed", ["", "   ", "!!!", "🎉", "\x00", "a" * 10_000, "%", "_", "\\", "' OR 1=1 --", "qqqq", "\ud800"]
    )
    async def test_odd_input_suggests_nothing(self, typing: SearchEngine, typed: str) -> None:
        assert list(await typing.suggest(typed)) == []


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


class OddInputContract(OnAnEmptyEngine):
    """Nothing that is asked breaks an engine."""

    @pytest.mark.parametrize(
        "text",
        ["", " \t\n", "!!!???", "。，、…", "🎉🎉", "\x00\x01\x02", "\u200b\u200e", "-", "''", '"', "\\", "%_*:&|!()<>"],
    )
    async def test_a_text_that_says_nothing_finds_everything(self, teapot: SearchEngine, text: str) -> None:
        result = await teapot.search(SearchQuery(text=text))
        assert (result.total, result.correction) == (1, None)

    @pytest.mark.parametrize(
        "text",
        [
            "'; DROP TABLE items; --", "x' OR '1'='1", 'spu_id = "x" OR revision > 0', "teapots' & !qqq", "teapot:*A | zzz", "\\'", "{items}",
            "%s %(x)s {0} $1", "a\x00b", "\ud83d", "א ב ג", "กขค", "한국어", "ぷーさん", "é" * 100, "e\u0301" * 100, "͏" * 50, "ﷺ" * 40,
        ],
    )  # fmt: skip
    async def test_a_hostile_text_is_only_a_text(self, teapot: SearchEngine, text: str) -> None:
        await answered(teapot, text)
        assert await finds(teapot, "", "紫砂壶 Clay teapot")

    @pytest.mark.parametrize(
        "text", ["a" * 10_000, "壶" * 10_000, "teapot " * 1_400, "a b " * 2_500, "茶 壶 " * 2_500, "' " * 5_000]
    )
    async def test_ten_thousand_characters_are_survived(self, teapot: SearchEngine, text: str) -> None:
        await answered(teapot, text)

    async def test_a_document_with_odd_characters_is_found(self, engine: SearchEngine) -> None:
        odd = "Teapot ' \\ \x01 \u200b 🫖 {x} $1 %s"
        await engine.put(
            [
                product(
                    "pot",
                    odd,
                    description="' \\' \x01 {",
                    brand_name="O'Neill \\",
                    attributes={"note": "a'b\\c", "n": 1.5},
                )
            ]
        )
        assert await finds(engine, "teapot", odd)
        assert await facet(engine, "attribute.note") == {"a'b\\c": 1}
        assert await titles(engine, filters=Filters(attributes={"note": ("a'b\\c",), "n": ("1.5",)})) == [odd]

    async def test_a_description_of_ten_thousand_characters_is_held(self, engine: SearchEngine) -> None:
        await engine.put([product("pot", "Teapot", description="龙泉青瓷 celadon " * 600)])
        assert await finds(engine, "celadon", "Teapot")

    async def test_a_server_that_is_away_is_said_to_be(self, engine_away: SearchEngine) -> None:
        with pytest.raises(SearchUnavailable):
            await engine_away.search(SearchQuery(text="x"))
        with pytest.raises(SearchUnavailable):
            await engine_away.put([product("pot", "Teapot")])
        with pytest.raises(SearchUnavailable):
            await engine_away.suggest("x")


class EngineContract(
    WritingContract,
    PatchContract,
    FilterContract,
    LanguageContract,
    SuggestContract,
    HeldContract,
    BuildContract,
    OddInputContract,
):
    """All of it."""


async def answered(engine: SearchEngine, text: str) -> SearchResult:
    """The answer to a text that the API would refuse for its length, or that no JSON can hold."""
    query = SearchQuery(facets=("brand",)).model_copy(update={"text": text})
    return await engine.search(query)


async def holds(engine: SearchEngine, total: int) -> bool:
    """Whether within a second there are so many products."""
    return await soon(lambda: _total_is(engine, total))


async def _total_is(engine: SearchEngine, total: int) -> bool:
    return (await engine.search(SearchQuery())).total == total


async def _price_is(engine: SearchEngine, minor: int) -> bool:
    return [hit.price_from.minor for hit in (await engine.search(SearchQuery())).hits] == [minor]


async def _in_order(engine: SearchEngine, expected: list[str], **more: object) -> bool:
    return await titles(engine, **more) == expected


async def _suggests_nothing(engine: SearchEngine, typed: str) -> bool:
    return not await engine.suggest(typed)
