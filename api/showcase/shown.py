"""Finished answers of the catalogue, as bytes."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final, Self

from fastapi import Response
from pydantic import TypeAdapter

from models.inventory.ahead import Sellable
from models.products.showing import ShownProduct
from models.shared.ids import SkuId, SpuId
from models.shared.time import Instant

_MOMENT = TypeAdapter(Instant)
_STOCK_GOES_HERE: Final = b'"available":0,"in_stock":false,"availability":"sold_out","ships_by":null'
"""Where a product's copy is cut to put the stock in. Inside a text of the product its quotes would be escaped."""
_KEPT = {"Cache-Control": "no-cache"}
"""A browser may keep it, and asks with its ETag whether it still holds."""


class Shown(Response):
    """A finished answer. It is sent as often as it is asked for, so nobody may change what it says."""

    media_type = "application/json"

    def __init__(self, body: bytes, until: float, kind: str, route: str) -> None:
        self.etag = f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"'
        super().__init__(body, headers={**_KEPT, "ETag": self.etag})
        self.until = until
        """So long it is shown, by the clock of the event loop."""
        self.kind = kind
        self.route = route
        """The template of its address, for metrics."""

    def answer(self, if_none_match: str | None) -> Response:
        """This answer, or the word that the asker has it already."""
        if if_none_match and self.etag in if_none_match:
            return Response(status_code=304, headers={**_KEPT, "ETag": self.etag})
        return self


class ShownPage(Shown):
    """The answer of one product, which knows where its stock stands, so that only that is read and written anew."""

    def __init__(
        self, spu_id: SpuId, sku_ids: Sequence[SkuId], around: Sequence[bytes], stocks: Sequence[bytes]
    ) -> None:
        super().__init__(b"".join(_woven(around, stocks)), 0.0, "product", "/v1/products/{spu_id}")
        self.spu_id = spu_id
        """The product that who gets this looks at."""
        self.sku_ids = sku_ids
        self.stocks = stocks
        self._lengths = [len(piece) for piece in around]
        self.holds_until = 0.0
        """Until then all but its stock needs no look at its copy, if nobody tells of a change; by the clock of the event loop."""
        self.asked_at = 0.0
        """When somebody asked for it last."""

    @classmethod
    def of(cls, spu_id: SpuId, copy: bytes) -> Self:
        """From a product's copy, with nothing in stock."""
        ids, *around = copy.split(_STOCK_GOES_HERE)
        return cls(spu_id, [SkuId(one) for one in ids.decode().split()], around, [_STOCK_GOES_HERE] * (len(around) - 1))

    def with_stock(self, stocks: Sequence[bytes]) -> "ShownPage":
        """The same product with this stock; itself if nothing changed."""
        if stocks == self.stocks:
            return self
        page = ShownPage(self.spu_id, self.sku_ids, self._around(), stocks)
        page.holds_until = self.holds_until
        return page

    def _around(self) -> list[bytes]:
        """What stands before, between and after the stocks."""
        start, found = 0, []
        for length, stock in zip(self._lengths, [*self.stocks, b""], strict=True):
            found.append(bytes(self.body[start : start + length]))
            start += length + len(stock)
        return found


def copy_of(product: ShownProduct) -> bytes:
    """What is kept of a product: the ids of its SKUs, then its answer with no stock, cut where the stock goes."""
    ids = " ".join(sku.sku_id for sku in product.skus).encode()
    return ids + _STOCK_GOES_HERE + product.model_dump_json().encode()


def stock_of(sellable: Sellable) -> bytes:
    """The fields of a SKU that say what can be had of it, in the order of `ShownSku`."""
    told = {
        "available": sellable.most,
        "in_stock": sellable.in_stock > 0,
        "availability": sellable.availability,
        "ships_by": sellable.ships_by and _MOMENT.dump_python(sellable.ships_by, mode="json"),
    }
    return json.dumps(told, separators=(",", ":"))[1:-1].encode()


def _woven(around: Sequence[bytes], between: Sequence[bytes]) -> list[bytes]:
    pieces = [b""] * (len(around) + len(between))
    pieces[::2], pieces[1::2] = around, between
    return pieces
