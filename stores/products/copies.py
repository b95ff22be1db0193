"""Copies in Redis of what buyers are shown: which there are, how long they last, and how they are forgotten after a change."""

from collections.abc import Collection
from datetime import timedelta

from hanse.caching import Kind, ReadThrough
from models.shared.ids import SpuId

PRODUCT = Kind("product", "products", fresh=timedelta(minutes=1), stale=timedelta(seconds=30))
"""A product without its stock, which no copy holds: processes read it anew (`api/showcase/pages.py`), so what orders take need not
be told here."""
LIST = Kind("list", "lists", fresh=timedelta(seconds=10), stale=timedelta(seconds=5))
"""A page of products."""
TAXONOMY = Kind("taxonomy", "taxonomy", fresh=timedelta(minutes=5), stale=timedelta(minutes=1))
"""All categories, brands or merchants."""


class CatalogueCopies:
    """Forgets copies after changes. Whoever changed the catalogue calls this when the change is committed: the routes at once,
    and `CatalogSync` again, so that a process that died between the two, or a silent Redis, leaves nothing old for long.

    Every method answers whether Redis heard it; if not, call again.
    """

    def __init__(self, copies: ReadThrough) -> None:
        self.read_through = copies

    async def forget_products(self, spu_ids: Collection[SpuId]) -> bool:
        """These products, or their stock, changed, appeared or are gone: their pages, and every list."""
        return await self.read_through.forget([PRODUCT], spu_ids, epochs=[LIST.epoch])

    async def forget_taxonomy(self) -> bool:
        """Categories, brands or merchants changed; lists by category, too."""
        return await self.read_through.forget(epochs=[TAXONOMY.epoch, LIST.epoch])

    async def forget_everything(self) -> bool:
        """Much changed: an import."""
        return await self.read_through.forget(epochs=[PRODUCT.epoch, LIST.epoch, TAXONOMY.epoch])
