"""What every engine promises of filters, facets, sorts and pages, and of questions in the languages of the shop."""

import pytest

from search.engine import SearchEngine
from search.query import Filters, SearchQuery, Sort
from tests.integration.search.asking import (
    OnAnEmptyEngine,
    facet,
    holds,
    titles,
)
from tests.integration.search.goods import brand, category, merchant, product, spu


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
