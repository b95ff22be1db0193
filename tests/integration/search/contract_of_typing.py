"""What every engine promises while somebody types, and whatever they type."""

import pytest

from search.documents import Gone
from search.engine import SearchEngine, SearchUnavailable
from search.query import Filters, SearchQuery
from tests.integration.search.asking import (
    OnAnEmptyEngine,
    answered,
    facet,
    finds,
    soon,
    suggests_nothing,
    titles,
)
from tests.integration.search.goods import brand, category, product, spu


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
            assert await soon(lambda typed=typed: suggests_nothing(engine, typed)), typed

    @pytest.mark.parametrize(
        "typed", ["", "   ", "!!!", "🎉", "\x00", "a" * 10_000, "%", "_", "\\", "' OR 1=1 --", "qqqq", "\ud800"]
    )
    async def test_odd_inputsuggests_nothing(self, typing: SearchEngine, typed: str) -> None:
        assert list(await typing.suggest(typed)) == []


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
