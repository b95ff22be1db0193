"""What buyers are shown of the catalogue, as the bytes of the answer: from this process, from Redis, from the database.

A product and its stock are two copies with two lifetimes; they are put together once and shown from this process for at most
a second and a half. See docs/decisions/0016-caches.md.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import Response
from pydantic import TypeAdapter

from hanse.caching import Copy, Kind, KnownIds, Loaded
from hanse.caching.read_through import Load, reads
from models.inventory.ahead import Sellable
from models.products.showing import ShownProduct
from models.products.types import Brand, Category, Merchant, ProductFilter
from models.search.messages import Scope
from models.shared.ids import SkuId, SpuId
from models.shared.time import Clock, Instant
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, ProductStore, TaxonomyStore
from stores.products.copies import PRODUCT, STOCK, TAXONOMY
from stores.products.rows import product_unknown

_log = logging.getLogger(__name__)
_MOMENT = TypeAdapter(Instant)
_NEAR_SECONDS: Final = 1.5
"""So long an answer is shown from this process: another process's change is seen no later."""
_MOST_NEAR: Final = 2_000
_TOGETHER: Final = 100
"""So many products are read in one go when nobody waits for others."""
_AHEAD: Final = 25
"""So many of those that are due; few, because others are answered between two goes."""
_SOON: Final = 0.3
"""Seconds before or after its time is over that a product counts as due."""
_STOCK_GOES_HERE: Final = b'"available":0,"in_stock":false,"availability":"sold_out","ships_by":null'
"""Where a product's copy is cut to put the stock in. Inside a text of the product its quotes would be escaped."""
_LATELY: Final = 10.0
"""Seconds for which a product that was looked at is read anew, before its time is over and together with others: that costs a
tenth of reading it alone when the next one asks."""
_KEPT = {"Cache-Control": "no-cache"}
"""A browser may keep it, and asks with its ETag whether it still holds."""
_near_hits = {kind: reads.labels(kind, "near") for kind in ("product", "list", "taxonomy", "ranking")}


class Shown(Response):
    """A finished answer. It is sent as often as it is asked for, so nobody may change it."""

    media_type = "application/json"

    def __init__(self, body: bytes, until: float, kind: str, route: str, spu_id: SpuId | None = None) -> None:
        self.etag = f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"'
        super().__init__(body, headers={**_KEPT, "ETag": self.etag})
        self.until = until
        """By the clock of the event loop."""
        self.kind = kind
        self.route = route
        """The template of its address, for metrics."""
        self.spu_id = spu_id
        """The product that who gets this looks at."""
        self.asked_at = 0.0
        """When it was last shown."""

    def answer(self, if_none_match: str | None) -> Response:
        """This answer, or the word that the asker has it already."""
        if if_none_match and self.etag in if_none_match:
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
        self._wanted: dict[SpuId, asyncio.Future[Shown | None]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._ahead: asyncio.Task[None] | None = None
        self.turn = 0
        """Changes known to this process. What was begun before one is not kept near after it."""

    def near(self, address: str) -> Shown | None:
        """The answer to this address, if this process has it."""
        shown = self._near.get(address)
        if shown is None or shown.until < asyncio.get_running_loop().time():
            return None
        return shown

    def note(self, shown: Shown) -> None:
        """It was shown again. A product that is looked at is read anew a little before its time is over, so nobody waits for it."""
        moment = asyncio.get_running_loop().time()
        shown.asked_at = moment
        _near_hits[shown.kind].inc()
        due = shown.spu_id is not None and shown.until - moment < _SOON
        if due and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._read_ahead())

    async def warm(self, limit: int = 1_000) -> int:
        """Read the newest products before anybody asks, and the filter of known ids; answers how many products there were."""
        await self._known.build()
        cards = await self._products.browse(ProductFilter(), self._clock(), limit=limit)
        for start in range(0, len(cards), _TOGETHER):
            shown = await self._put_together([card.spu_id for card in cards[start : start + _TOGETHER]])
            for spu_id, one in shown.items():
                one.asked_at = asyncio.get_running_loop().time()
                self.keep_near(f"/v1/products/{spu_id}", one, self.turn)
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

    async def forget(self, scope: Scope) -> None:
        """Something of this scope may have changed, in this process: the next answer anywhere comes from the database."""
        self._forget_near()
        await self.copies.forget_products(scope.products)
        if not scope.products:
            await self.copies.forget_taxonomy()

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

        Products that are asked for while others are read are read together next: the busier the shop, the less one costs.
        """
        if not await self._known.exists(spu_id):
            reads.labels(PRODUCT.name, "unknown").inc()
            raise product_unknown(spu_id)
        wanted = self._wanted.get(spu_id)
        if wanted is None:
            wanted = self._wanted[spu_id] = asyncio.get_running_loop().create_future()
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_wanted())
        shown = await asyncio.shield(wanted)
        if shown is None:
            raise product_unknown(spu_id)
        return shown

    async def _read_wanted(self) -> None:
        while self._wanted:
            batch, self._wanted = self._wanted, {}
            try:
                shown = await self._put_together([*batch])
            except Exception as fault:
                for wanted in batch.values():
                    wanted.set_exception(fault)
                    wanted.exception()  # told to whoever waits; perhaps everybody went away
                continue
            moment = asyncio.get_running_loop().time()
            for spu_id, wanted in batch.items():
                if spu_id in shown:
                    shown[spu_id].asked_at = moment
                wanted.set_result(shown.get(spu_id))

    async def _read_ahead(self) -> None:
        while due := self._due_soon():
            turn = self.turn
            try:
                shown = await self._put_together([*due])
            except Exception as fault:
                _log.info("nothing is read ahead: %r", fault)  # whoever asks next hears of it
                return
            for spu_id, asked_at in due.items():
                if spu_id in shown:
                    shown[spu_id].asked_at = asked_at
                    self.keep_near(f"/v1/products/{spu_id}", shown[spu_id], turn)

    def _due_soon(self) -> dict[SpuId, float]:
        """Products whose time is nearly over and that were asked for lately, with when; each once."""
        moment = asyncio.get_running_loop().time()
        found: dict[SpuId, float] = {}
        for shown in self._near.values():
            due = shown.spu_id is not None and abs(shown.until - moment) < _SOON and moment - shown.asked_at < _LATELY
            if due and shown.spu_id is not None:
                found[shown.spu_id] = shown.asked_at
                shown.asked_at = 0.0
                if len(found) == _AHEAD:
                    break
        return found

    async def _put_together(self, spu_ids: list[SpuId]) -> dict[SpuId, Shown]:
        copies = await self._through.many(PRODUCT, spu_ids, self._load_products, ahead=_SOON)
        parts = {name: copy.body.split(_STOCK_GOES_HERE) for name, copy in copies.items() if copy.body is not None}
        sku_ids = {name: part.pop(0).decode().split() for name, part in parts.items()}

        async def load_stock(wanted: Collection[str]) -> Mapping[str, Loaded]:
            skus = [SkuId(sku) for name in wanted for sku in sku_ids[name]]
            sellable = await self._inventory.sellable(skus, self._clock())
            return {
                name: Loaded(_json({sku: _stock(sellable[SkuId(sku)]) for sku in sku_ids[name]})) for name in wanted
            }

        stocks = await self._through.many(STOCK, [*parts], load_stock, ahead=_SOON) if parts else {}
        moment = asyncio.get_running_loop().time()
        shown: dict[SpuId, Shown] = {}
        for name, part in parts.items():
            left = json.loads(stocks[name].body or b"{}")
            said = [left.get(sku) for sku in sku_ids[name]]  # a SKU younger than the copy of the stock has none yet
            body = b"".join(_woven(part, [one.encode() if one else _STOCK_GOES_HERE for one in said]))
            until = moment + _near_for(copies[name], stocks[name])
            shown[SpuId(name)] = Shown(body, until, PRODUCT.name, "/v1/products/{spu_id}", SpuId(name))
        return shown

    async def _load_products(self, wanted: Collection[str]) -> Mapping[str, Loaded]:
        now = self._clock()
        found = await self._products.showing([SpuId(spu_id) for spu_id in wanted], now)
        return {
            spu_id: Loaded(
                _without_stock(ShownProduct.of(showing.product, {})) if showing.product else None,
                showing.until - now if showing.until else None,
            )
            for spu_id, showing in found.items()
        }

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


def _near_for(*copies: Copy) -> float:
    """As long as the youngest to end is fresh, at most `_NEAR_SECONDS`; a stale one a moment, so that the new one is seen soon."""
    return min(_NEAR_SECONDS, *(max(copy.fresh_for, 0.05) for copy in copies))


def _without_stock(product: ShownProduct) -> bytes:
    """What is kept of a product: the ids of its SKUs, then its answer with no stock, cut where the stock goes."""
    ids = " ".join(sku.sku_id for sku in product.skus).encode()
    return ids + _STOCK_GOES_HERE + product.model_dump_json().encode()


def _woven(pieces: list[bytes], between: list[bytes]) -> Iterator[bytes]:
    """The pieces with these between them."""
    for piece, stock in zip(pieces, [*between, b""], strict=True):
        yield piece
        yield stock


def _stock(sellable: Sellable) -> str:
    """The fields of a SKU that say what can be had of it, in the order of `ShownSku`."""
    told = {
        "available": sellable.most,
        "in_stock": sellable.in_stock > 0,
        "availability": sellable.availability,
        "ships_by": sellable.ships_by and _MOMENT.dump_python(sellable.ships_by, mode="json"),
    }
    return json.dumps(told, separators=(",", ":"))[1:-1]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
