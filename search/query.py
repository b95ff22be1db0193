"""What can be asked of the index, and what it answers. Money amounts are minor units of the shop's currency."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.shared import Frozen, Money
from models.shared.ids import EXAMPLE_BODY, BrandId, CategoryId, MerchantId, SpuId

MAX_WINDOW = 10_000
"""Nobody reads further than this many hits; an engine need not be able to."""

SearchText = Annotated[str, StringConstraints(max_length=200)]


class Sort(StrEnum):
    """The order of hits; products that rank alike come newest first."""

    RELEVANCE = "relevance"
    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"
    SALES = "sales"
    NEWEST = "newest"


class Filters(Frozen):
    """What hits are narrowed to: every part that is given must hold; within a part with several values one is enough."""

    category_id: CategoryId | None = None
    """This category or any below it."""
    brand_ids: tuple[BrandId, ...] = ()
    merchant_ids: tuple[MerchantId, ...] = ()
    price_from: Annotated[int, Field(ge=0)] | None = None
    """Some SKU costs at least this."""
    price_to: Annotated[int, Field(ge=0)] | None = None
    """That same SKU costs at most this."""
    in_stock: bool = False
    """Only what can be ordered."""
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict, max_length=20)
    """By code; a number as it is written."""
    options: dict[str, tuple[str, ...]] = Field(default_factory=dict, max_length=20)
    """By label, such as `Colour`; some SKU has it."""


class SearchQuery(Frozen):
    """One question. Text that holds nothing to look for finds everything the filters allow."""

    text: SearchText = ""
    filters: Filters = Filters()
    facets: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """`brand`, `category`, `merchant`, `in_stock`, `attribute.<code>`, `option.<label>`; an unknown one counts nothing."""
    sort: Sort = Sort.RELEVANCE
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=0, le=100)] = 20
    correct: bool = True
    """Whether a text that finds little may be replaced by the nearest one that finds more."""


class Fragment(Frozen):
    """A piece of a text, and whether it is what was looked for. Pieces, not markup: whoever shows them escapes and marks."""

    text: str = Field(examples=["亚麻衬衫 Linen shirt"])
    hit: bool


class Hit(Frozen):
    """A product that was found, with all that is needed to draw it in a list."""

    spu_id: SpuId
    title: str
    highlighted: tuple[Fragment, ...]
    """The title in pieces; joined they are the title."""
    merchant_id: MerchantId
    merchant_name: str = Field(examples=["汉萨家居 Hansa Home"])
    brand_id: BrandId | None
    brand_name: str | None = Field(examples=["云台 Yuntai"])
    category_id: CategoryId
    image_url: str | None
    price_from: Money
    price_to: Money
    in_stock: bool
    sales: int


class FacetValue(Frozen):
    """How many of the hits have this value. Counted without the facet's own filter, so that its other values stay to choose."""

    value: str = Field(examples=[f"brd_{EXAMPLE_BODY}"])
    """The id for brands, categories and merchants, else the value itself."""
    label: str = Field(examples=["云台 Yuntai"])
    count: int


class Correction(Frozen):
    """The text that was looked for instead of the one that was asked."""

    asked: str = Field(examples=["linnen shirt"])
    used: str = Field(examples=["linen shirt"])


class SearchResult(Frozen):
    """One page of hits."""

    hits: tuple[Hit, ...]
    total: int
    """How many there are in all; beyond `MAX_WINDOW` an engine may stop counting and say so in `total_is_exact`."""
    total_is_exact: bool
    facets: dict[str, tuple[FacetValue, ...]]
    """By the names that were asked; most frequent first."""
    correction: Correction | None = None


class Suggestion(Frozen):
    """What the buyer may be about to type."""

    text: str = Field(examples=["亚麻衬衫 Linen shirt"])
    kind: Literal["query", "product", "category", "brand"]
    id: str | None = Field(default=None, examples=[f"spu_{EXAMPLE_BODY}"])
    """The product, category or brand."""
