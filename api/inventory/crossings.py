"""Telling what an operator's change took to its mark, whose goods it brought, and which SKUs sold out by it or can be had again.

The change is in the database by then. If Temporal cannot be reached the answer is 503: the same request with the same key
finds the change done, gets the same crossings from the store, and tells them.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from api.edge.idempotency import Errand
from api.edge.sagas import answer_of
from api.wiring import Services
from models.inventory.messages import TellLowStock
from models.inventory.types import Claim, LowStock
from models.shared.ids import SkuId


async def tell_served(shop: Services, served: Sequence[Claim]) -> None:
    """Tell the parcels whose goods an operator's change brought. One that misses it looks by itself a few hours later."""
    if served:
        await answer_of(shop.siblings.tell_goods_came(served))


async def tell_of_change(
    shop: Services,
    errand: Errand,
    crossings: Sequence[LowStock],
    served: Sequence[Claim],
    turned: Collection[SkuId],
) -> None:
    """Tell everyone concerned of an operator's change of stock: of its crossings once for each request."""
    await tell_crossings(shop, errand, crossings)
    await tell_served(shop, served)
    await tell_turned(shop, turned)


async def tell_crossings(shop: Services, errand: Errand, crossings: Sequence[LowStock]) -> None:
    """Start the process that tells them, once for each request."""
    await tell_crossings_of(shop, f"{errand.caller}:{errand.key}", crossings, errand.first_seen_at)


async def tell_crossings_of(shop: Services, key: str, crossings: Sequence[LowStock], at: datetime) -> None:
    """The same for a change that has another key than that of its request."""
    if crossings:
        name = hashlib.sha256(f"{key} {at.isoformat()}".encode()).hexdigest()[:32]
        tell = TellLowStock(key=name, crossings=tuple(crossings), at=at)
        await answer_of(shop.siblings.tell_low_stock(tell))


async def tell_turned(shop: Services, sku_ids: Collection[SkuId]) -> None:
    """Have the search index follow, where these SKUs may have sold out or be had again; nothing for none."""
    await answer_of(shop.following.stock_turned(sku_ids))
