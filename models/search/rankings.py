"""Rankings: what sells, what is looked at, what is new."""

from datetime import timedelta
from enum import StrEnum

from models.shared import Frozen, Instant
from models.shared.ids import CategoryId, SpuId

MOST_RANKED = 100
"""Places that anybody asks for."""


class RankingName(StrEnum):
    """The rankings there are."""

    BEST_SELLERS_24H = "best_sellers_24h"
    """Units of orders paid in the 24 full hours before this one, and in it."""
    BEST_SELLERS_7D = "best_sellers_7d"
    """Units of orders paid today (UTC) and on the six days before."""
    MOST_VIEWED = "most_viewed"
    """Times a product's page was asked for in the 24 full hours before this one, and in it."""
    NEWEST = "newest"
    """Published products by when they came into the catalogue."""


class Measure(StrEnum):
    """What is counted."""

    SOLD = "sold"
    VIEWED = "viewed"


class Counted(Frozen):
    """So many of a product, for the whole shop and for each category it is in."""

    spu_id: SpuId
    category_ids: tuple[CategoryId, ...]
    amount: int


class Sale(Frozen):
    """The lines of an order, counted when it was paid. What becomes of it later changes nothing: it was wanted."""

    order_id: str
    paid_at: Instant
    counted: tuple[Counted, ...]


class Ranked(Frozen):
    """A product and its amount."""

    spu_id: SpuId
    amount: int


SALES_COUNT_FOR = timedelta(days=7)
