"""What goes over the wire about searching."""

import re
from typing import Annotated, Self

from pydantic import Field

from api.spoken import Spoken
from models.products.types import ProductCard
from models.search.errors import FacetUnknown, FilterMalformed, RankingUnknown, SearchTextTooLong, SortUnknown
from models.search.rankings import RankingName
from models.shared import Instant
from models.shared.ids import BrandId, CategoryId, MerchantId
from search.query import Correction, FacetValue, Filters, Hit, SearchQuery, SearchResult, Sort, Suggestion

LONGEST = 200
"""Characters of a text that is looked for."""
FACETS = ("brand", "category", "merchant", "in_stock", "attribute.<code>", "option.<label>")
_FACET = re.compile(r"brand|category|merchant|in_stock|(attribute|option)\.[^\x00-\x1f]{1,80}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
_Words = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=20)]


def looked_for(text: str) -> str:
    """The text without what cannot be seen. `SearchTextTooLong` beyond 200 characters."""
    if len(text) > LONGEST:
        raise SearchTextTooLong(
            f"The text has {len(text):,} characters; at most {LONGEST} are looked for. Leave the words that matter most.",
            limit=LONGEST,
        )
    return _CONTROL.sub(" ", text).strip()


class Asked(Spoken):
    """A question, as query parameters."""

    q: Annotated[
        str, Field(description="Words in Chinese or English, pinyin or its initials; empty finds everything.")
    ] = ""
    category_id: CategoryId | None = None
    brand_id: Annotated[tuple[BrandId, ...], Field(max_length=20, description="Repeat it for several.")] = ()
    merchant_id: Annotated[tuple[MerchantId, ...], Field(max_length=20)] = ()
    price_from: Annotated[int, Field(ge=0, le=10**12)] | None = None
    """Minor units."""
    price_to: Annotated[int, Field(ge=0, le=10**12)] | None = None
    in_stock: bool = False
    attribute: Annotated[_Words, Field(description="`code:value`; several values of one code are alternatives.")] = ()
    option: Annotated[_Words, Field(description="`label:value`, such as `Colour:Red`.")] = ()
    facet: Annotated[_Words, Field(description=f"What to count: {', '.join(FACETS)}.")] = ()
    sort: Annotated[str, Field(max_length=50, description="relevance, price_up, price_down, sales or newest.")] = (
        "relevance"
    )
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    correct: Annotated[bool, Field(description="Whether a text that finds little may be corrected.")] = True

    def query(self) -> SearchQuery:
        """What the engine is asked. Refusals say what would be understood."""
        for facet in self.facet:
            if not _FACET.fullmatch(facet):
                raise FacetUnknown(
                    f"There is no facet {facet[:80]!r}; there are {', '.join(FACETS)}.", known=list(FACETS)
                )
        orders = [sort.value for sort in Sort]
        if self.sort not in orders:
            raise SortUnknown(
                f"Hits cannot be ordered by {self.sort!r}; choose one of {', '.join(orders)}.", known=orders
            )
        return SearchQuery(
            text=looked_for(self.q),
            filters=Filters(
                category_id=self.category_id,
                brand_ids=tuple(self.brand_id),
                merchant_ids=tuple(self.merchant_id),
                price_from=self.price_from,
                price_to=self.price_to,
                in_stock=self.in_stock,
                attributes=_pairs("attribute", self.attribute),
                options=_pairs("option", self.option),
            ),
            facets=tuple(dict.fromkeys(self.facet)),
            sort=Sort(self.sort),
            offset=(self.page - 1) * self.limit,
            limit=self.limit,
            correct=self.correct,
        )


class Found(Spoken):
    """A page of hits."""

    items: tuple[Hit, ...]
    total: int
    total_is_exact: bool
    page: int
    facets: dict[str, tuple[FacetValue, ...]]
    correction: Correction | None
    """What was looked for instead of what was asked, because that found next to nothing."""
    degraded: bool = False
    """The search engine is away: these are matches of the title only, newest first, without facets."""

    @classmethod
    def of(cls, result: SearchResult, page: int) -> Self:
        """A page of what the engine found."""
        return cls(
            items=result.hits,
            total=result.total,
            total_is_exact=result.total_is_exact,
            page=page,
            facets=result.facets,
            correction=result.correction,
        )


class Suggestions(Spoken):
    """What somebody may be about to type."""

    items: tuple[Suggestion, ...]
    degraded: bool = False
    """The search engine is away: there is nothing to suggest."""


class RankedProduct(ProductCard):
    """A product in a ranking."""

    amount: int | None
    """Units sold or views in the time of the ranking; null where nothing is counted."""


class Ranking(Spoken):
    """The first places, best first."""

    name: RankingName
    items: tuple[RankedProduct, ...]
    counted_since: Instant | None
    """Null: the counters are being built anew, so places may be missing. Views begin here after Redis lost them; sales do not."""


def ranking_called(name: str) -> RankingName:
    """The ranking of this name, or `RankingUnknown`."""
    names = [each.value for each in RankingName]
    if name not in names:
        raise RankingUnknown(f"There is no ranking {name[:80]!r}; there are {', '.join(names)}.", known=names)
    return RankingName(name)


def _pairs(what: str, told: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    pairs: dict[str, list[str]] = {}
    for one in told:
        name, colon, value = one.partition(":")
        if not (name and colon and value):
            raise FilterMalformed(f"{what}={one[:80]!r} cannot be read; write it as {what}=name:value.", field=what)
        pairs.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in pairs.items()}
