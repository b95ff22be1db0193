"""Saving lines for later and taking them back. Every change answers with the cart as it is then, priced anew."""

from functools import partial

from fastapi import APIRouter

from api.cart.schemas import CartView
from api.cart.showing import shelf_of, shown
from api.cart.whose import Owner
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.cart import rules
from models.cart.errors import CartFull, CartMerged, CartUnavailable
from models.orders.errors import QuantityAboveLimit, SkuUnpublished, UnknownSku
from models.shared.ids import SkuId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/cart", tags=["cart"])

_CHANGE = (NotAuthenticated, NotFound, CartUnavailable, CartMerged)


@router.post("/lines/{sku_id}/save-for-later", summary="Save for later", responses=refusals(*_CHANGE, CartFull))
async def save_for_later(sku_id: SkuId, owner: Owner, shop: Wired) -> CartView:
    """The line leaves the cart for the list of what is saved. Safe to repeat."""
    change = partial(rules.save_for_later, sku_id=sku_id)
    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))


@router.post(
    "/saved/{sku_id}/move-to-cart",
    summary="Back into the cart",
    responses=refusals(*_CHANGE, UnknownSku, SkuUnpublished, QuantityAboveLimit, CartFull),
)
async def move_to_cart(sku_id: SkuId, owner: Owner, shop: Wired) -> CartView:
    """The saved line goes back into the cart, selected. Safe to repeat."""
    sku = rules.for_sale(sku_id, (await shelf_of(shop, [sku_id])).skus)
    change = partial(rules.move_to_cart, sku=sku)
    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))


@router.delete("/saved/{sku_id}", summary="Forget a saved line", responses=refusals(*_CHANGE))
async def remove_saved(sku_id: SkuId, owner: Owner, shop: Wired) -> CartView:
    """Remove it from the list of what is saved for later. Safe to repeat."""
    change = partial(rules.remove_saved, sku_id=sku_id)
    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))
