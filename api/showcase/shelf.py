"""What buyers are shown of the catalogue, as the bytes of the answer: from this process, from Redis, from the database.

Single products are kept in step one by one (`pages.py`); lists and taxonomies are shown from this process for at most a second and a
half. See docs/decisions/0016-caches.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from api.showcase.pages import NEAR_SECONDS, ProductPages
from api.showcase.shown import Shown, ShownPage
from hanse.caching import Copy, Kind, KnownIds, Loaded
from hanse.caching.read_through import Load, reads
from models.products.types import Brand, Category, Merchant, ProductFilter
from models.search.messages import Scope
from models.shared.ids import SpuId
from models.shared.time import Clock
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, ProductStore, TaxonomyStore
from stores.products.copies import PRODUCT, TAXONOMY
from stores.products.rows import product_unknown

_MOST_NEAR: Final = 500
"""Lists and taxonomies; each may have some ten kilobytes."""
_WARMED: Final = 1_000
_TOGETHER: Final = 100
"""So many products are read before anybody asks, and so many of them in one go."""
_ONE_PRODUCT: Final = "/v1/products/"
_near_hits = {kind: reads.labels(kind, "near") for kind in ("product", "list", "taxonomy", "ranking")}


class Shelf:
    """Answers of the catalogue's public routes. Built once per process."""

    def __init__(
        self,
        products: ProductStore,
        taxonomy: TaxonomyStore,
        inventory: InventoryStore,
        copies: CatalogueCopies,
        clock: Clock,
    ) -> None:
        self._products, self._taxonomy = products, taxonomy
        self.copies = copies
        self._through = copies.read_through
        self._clock = clock
        self._known = KnownIds(products.walk_ids, products.existing)
        self._pages = ProductPages(products, inventory, self._through, clock)
        self._near: dict[str, Shown] = {}
        self.turn = 0
        """Changes known to this process. What was begun before one is not kept near after it."""

    def near(self, address: str) -> Shown | None:
        """The answer to this address, if this process has it. A product's may have to be brought in step before it is shown."""
        if address.startswith(_ONE_PRODUCT):
            return self._pages.held(address[len(_ONE_PRODUCT) :])
        shown = self._near.get(address)
        return None if shown is None or shown.until < asyncio.get_running_loop().time() else shown

    async def in_step(self, shown: Shown) -> Shown | None:
        """The same answer as it may be shown now. None if there is none any more, or if it cannot be told: ask as if it had not been
        near."""
        if shown.until > asyncio.get_running_loop().time():
            return shown
        try:
            return await self._pages.page(shown.spu_id) if isinstance(shown, ShownPage) else None
        except Exception:  # whatever it is, who asks for the product meets it again, where it is told
            return None

    def note(self, shown: Shown) -> None:
        """It was shown again."""
        _near_hits[shown.kind].inc()
        if isinstance(shown, ShownPage):
            self._pages.note(shown)

    async def warm(self) -> int:
        """Read the newest products before anybody asks, and the filter of known ids; answers how many products there were."""
        await self._known.build()
        cards = await self._products.browse(ProductFilter(), self._clock(), limit=_WARMED)
        for start in range(0, len(cards), _TOGETHER):
            await self._pages.read([card.spu_id for card in cards[start : start + _TOGETHER]])
        return len(cards)

    def keep_near(self, address: str, shown: Shown, turn: int) -> None:
        """Show this answer, begun in that turn, to whoever asks for the address, until its time is over."""
        if turn != self.turn:
            return
        if len(self._near) >= _MOST_NEAR:
            self._make_room()
        self._near[address] = shown

    def _make_room(self) -> None:
        moment = asyncio.get_running_loop().time()
        self._near = {address: shown for address, shown in self._near.items() if shown.until > moment}
        while len(self._near) >= _MOST_NEAR:
            del self._near[next(iter(self._near))]

    def _forget_near(self) -> None:
        self.turn += 1
        self._near.clear()
        self._pages.forget()

    async def _forget(self, *copies: Awaitable[bool]) -> None:
        self._forget_near()
        for forgetting in copies:
            await forgetting
        self._forget_near()  # what was made meanwhile may be from a copy that was there still

    async def forget(self, scope: Scope) -> None:
        """Something of this scope may have changed, in this process: the next answer anywhere comes from the database."""
        if scope.products:
            await self._forget(self.copies.forget_products(scope.products))
        else:
            await self._forget(self.copies.forget_products(()), self.copies.forget_taxonomy())

    async def taxonomy_changed(self) -> None:
        """Categories, brands or merchants changed."""
        await self._forget(self.copies.forget_taxonomy())

    async def everything_changed(self) -> None:
        """After an import."""
        await self._forget(self.copies.forget_everything())

    async def product(self, spu_id: SpuId) -> Shown:
        """A published product with its stock; `ProductUnknown` for one that is not published, too."""
        if not await self._known.exists(spu_id):
            reads.labels(PRODUCT.name, "unknown").inc()
            raise product_unknown(spu_id)
        page = await self._pages.page(spu_id)
        if page is None:
            raise product_unknown(spu_id)
        return page

    async def categories(self) -> Shown:
        """The category tree."""
        return await self._taxonomies("categories", list[Category], self._taxonomy.categories)

    async def brands(self) -> Shown:
        """Every brand."""
        return await self._taxonomies("brands", list[Brand], self._taxonomy.brands)

    async def merchants(self) -> Shown:
        """Every merchant."""
        return await self._taxonomies("merchants", list[Merchant], self._taxonomy.merchants)

    async def _taxonomies(self, name: str, kind: Any, read: Callable[[], Awaitable[Any]]) -> Shown:
        async def load(_now: datetime) -> bytes:
            return TypeAdapter(kind).dump_json(await read())

        return await self._whole(TAXONOMY, name, f"/v1/{name}", load)

    async def _whole(self, kind: Kind, ident: str, route: str, load: Callable[[datetime], Awaitable[bytes]]) -> Shown:
        async def load_one(_wanted: Collection[str]) -> Mapping[str, Loaded]:
            return {ident: Loaded(await load(self._clock()))}

        return await self.whole(kind, ident, route, load_one)

    async def whole(self, kind: Kind, ident: str, route: str, load: Load) -> Shown:
        """An answer that is kept as it is sent."""
        copy = await self._through.one(kind, ident, load)
        until = asyncio.get_running_loop().time() + _near_for(copy)
        return Shown(copy.body or b"null", until, kind.name, route)


def _near_for(copy: Copy) -> float:
    """As long as it is fresh, at most `NEAR_SECONDS`; a stale one a moment, so that the new one is seen soon."""
    return min(NEAR_SECONDS, max(copy.fresh_for, 0.05))
