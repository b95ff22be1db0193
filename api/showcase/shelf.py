"""What buyers are shown of the catalogue, as the bytes of the answer: from this process, from Redis, from the database.

A product and its stock are two copies with two lifetimes; they are put together once and shown from this process for at most a
second. See docs/decisions/0016-caches.md.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import Response
from pydantic import TypeAdapter

from api.edge.paging import Page, page, read_cursor
from hanse.caching import Copy, KnownIds, Loaded
from hanse.caching.read_through import reads
from models.products.showing import ShownProduct
from models.products.types import Brand, Category, Merchant, ProductCard, ProductFilter
from models.shared.ids import SkuId, SpuId
from models.shared.time import Clock
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, ProductStore, TaxonomyStore
from stores.products.copies import LIST, PRODUCT, STOCK, TAXONOMY
from stores.products.rows import product_unknown

_NEAR_SECONDS: Final = 1.0
"""So long an answer is shown from this process: another process's change is seen no later."""
_MOST_NEAR: Final = 2_000
_TOGETHER: Final = 200
"""So many products that were asked for lately have their stock read together with the one that is due."""
_SOON: Final = 0.25
_KEPT = {"Cache-Control": "no-cache"}
"""A browser may keep it, and asks with its ETag whether it still holds."""
_near_hits = {kind: reads.labels(kind, "near") for kind in ("product", "list", "taxonomy")}


class Shown(Response):
    """A finished answer. It is sent as often as it is asked for, so nobody may change it."""

    media_type = "application/json"

    def __init__(self, body: bytes, until: float, kind: str, spu_id: SpuId | None = None) -> None:
        self.etag = f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"'
        super().__init__(body, headers={**_KEPT, "ETag": self.etag})
        self.until = until
        """By the clock of the event loop."""
        self.kind = kind
        self.spu_id = spu_id
        """The product that who gets this looks at."""
        self.asked = 0

    def answer(self, if_none_match: str | None) -> Response:
        """This answer, or the word that the asker has it already."""
        if if_none_match and (if_none_match == self.etag or self.etag in if_none_match):
            return Response(status_code=304, headers={**_KEPT, "ETag": self.etag})
        return self


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
        self._products, self._taxonomy, self._inventory = products, taxonomy, inventory
        self.copies = copies
        self._through = copies.read_through
        self._clock = clock
        self._known = KnownIds(products.walk_ids, products.existing)
        self._near: dict[str, Shown] = {}
        self.turn = 0
        """Changes known to this process. What was begun before one is not kept near after it."""

    def near(self, address: str) -> Shown | None:
        """The answer to this address, if this process has it."""
        shown = self._near.get(address)
        if shown is None or shown.until < asyncio.get_running_loop().time():
            return None
        shown.asked += 1
        _near_hits[shown.kind].inc()
        return shown

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

    async def changed(self, *spu_ids: SpuId) -> None:
        """These products changed, in this process: the next answer anywhere comes from the database."""
        self._forget_near()
        await self.copies.forget_products(spu_ids)

    async def taxonomy_changed(self) -> None:
        """Categories, brands or merchants changed."""
        self._forget_near()
        await self.copies.forget_taxonomy()

    async def everything_changed(self) -> None:
        """After an import."""
        self._forget_near()
        await self.copies.forget_everything()

    async def product(self, spu_id: SpuId) -> Shown:
        """A published product with its stock; `ProductUnknown` for one that is not published, too.

        Others that were asked for lately and whose time is nearly over are read with it, in the same statements.
        """
        if not await self._known.exists(spu_id):
            reads.labels(PRODUCT.name, "unknown").inc()
            raise product_unknown(spu_id)
        turn, together = self.turn, [spu_id, *self._due_soon(spu_id)]
        shown = await self._put_together(together)
        if spu_id not in shown:
            raise product_unknown(spu_id)
        for other in together[1:]:
            if other in shown:
                self.keep_near(f"/v1/products/{other}", shown[other], turn)
        return shown[spu_id]

    def _due_soon(self, but: SpuId) -> list[SpuId]:
        soon = asyncio.get_running_loop().time() + _SOON
        due = (shown.spu_id for shown in self._near.values() if shown.asked and shown.until < soon)
        found: list[SpuId] = []
        for spu_id in due:
            if spu_id is not None and spu_id != but:
                found.append(spu_id)
            if len(found) >= _TOGETHER:
                break
        return found

    async def _put_together(self, spu_ids: list[SpuId]) -> dict[SpuId, Shown]:
        copies = await self._through.many(PRODUCT, spu_ids, self._load_products)
        wholes = {spu_id: json.loads(copy.body) for spu_id, copy in copies.items() if copy.body is not None}
        sku_ids = {spu_id: [SkuId(sku["sku_id"]) for sku in whole["skus"]] for spu_id, whole in wholes.items()}

        async def load_stock(wanted: Collection[str]) -> Mapping[str, Loaded]:
            all_of_them = [sku_id for spu_id in wanted for sku_id in sku_ids[SpuId(spu_id)]]
            available = await self._inventory.available(all_of_them)
            return {
                spu_id: Loaded(_json({sku_id: available.get(sku_id, 0) for sku_id in sku_ids[SpuId(spu_id)]}))
                for spu_id in wanted
            }

        stocks = await self._through.many(STOCK, [*wholes], load_stock) if wholes else {}
        moment = asyncio.get_running_loop().time()
        shown: dict[SpuId, Shown] = {}
        for name, whole in wholes.items():
            spu_id = SpuId(name)
            left = json.loads(stocks[spu_id].body or b"{}")
            for sku in whole["skus"]:
                sku["available"] = left.get(
                    sku["sku_id"], 0
                )  # a SKU younger than the copy of the stock has none for a second
                sku["in_stock"] = sku["available"] > 0
            until = moment + _near_for(copies[spu_id], stocks[spu_id])
            shown[spu_id] = Shown(_json(whole), until, PRODUCT.name, spu_id)
        return shown

    async def _load_products(self, wanted: Collection[str]) -> Mapping[str, Loaded]:
        now = self._clock()
        found = await self._products.showing([SpuId(spu_id) for spu_id in wanted], now)
        return {
            spu_id: Loaded(
                ShownProduct.of(showing.product, {}).model_dump_json().encode() if showing.product else None,
                showing.until - now if showing.until else None,
            )
            for spu_id, showing in found.items()
        }

    async def list(self, narrowed: ProductFilter, limit: int, cursor: str | None) -> Shown:
        """A page of cards, newest first. `InvalidRequest` for a cursor that is not ours."""
        after = read_cursor(cursor, SpuId)

        async def load(now: datetime) -> bytes:
            cards = await self._products.browse(narrowed, now, limit=limit + 1, after=after)
            found: Page[ProductCard] = page(cards, limit, lambda card: card.spu_id, lambda card: card)
            return found.model_dump_json().encode()

        key = f"{limit}:{after or ''}:{narrowed.model_dump_json(exclude_defaults=True)}"
        ident = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        return await self._whole(LIST, ident, load)

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

        return await self._whole(TAXONOMY, name, load)

    async def _whole(self, kind: Any, ident: str, load: Callable[[datetime], Awaitable[bytes]]) -> Shown:
        async def load_one(_wanted: Collection[str]) -> Mapping[str, Loaded]:
            return {ident: Loaded(await load(self._clock()))}

        copy = await self._through.one(kind, ident, load_one)
        until = asyncio.get_running_loop().time() + _near_for(copy)
        return Shown(copy.body or b"null", until, kind.name)


def _near_for(*copies: Copy) -> float:
    """As long as the youngest to end is fresh, at most `_NEAR_SECONDS`; a stale one a moment, so that the new one is seen soon."""
    return min(_NEAR_SECONDS, *(max(copy.fresh_for, 0.05) for copy in copies))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
