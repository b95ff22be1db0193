"""Whatever is written into the embedded index or asked of it, no text becomes part of a statement."""

import random

from search.embedded import EmbeddedEngine
from search.query import Filters, SearchQuery
from tests.conftest import OpenDatabase
from tests.integration.search.goods import product

_PIECES = (
    "'", '"', "\\", ":*", " & ", " | ", "!", "(", ")", "<->", ":A", "$1", "{items}", "%s", "--", ";", "~", "_", "|", "\x00", "\x01", "\u200b",
    "\ud800", "🎉", "é", "ß", "壶", "茶壺", "T恤", "a", "shoes", "run-ning", "iPhone15", "1.5", "ﷺ", "ｗ", "ｶﾞ", "한", "א", " ",
)  # fmt: skip


async def test_a_hundred_odd_texts_are_held_found_and_suggested(database: OpenDatabase) -> None:
    engine = EmbeddedEngine(await database("search"))
    chance = random.Random(7)
    texts = ["".join(chance.choices(_PIECES, k=chance.randrange(1, 9))) for _ in range(100)]
    printable = [text.replace("\ud800", "").replace("\x00", "") or "x" for text in texts]
    await engine.put([product(f"odd-{n}", text, description=text, brand_name=text) for n, text in enumerate(printable)])
    assert (await engine.search(SearchQuery())).total == len(texts)
    for text, held in zip(texts, printable, strict=True):
        query = SearchQuery(facets=("brand",)).model_copy(update={"text": text})
        await engine.search(
            query.model_copy(update={"filters": Filters(attributes={text.replace("\ud800", ""): (held,)})})
        )
        result = await engine.search(query)
        assert result.total > 0, f"{text!r} is a title and is not found"
        await engine.suggest(text)
