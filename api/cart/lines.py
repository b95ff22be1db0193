"""Looking at a cart and changing its lines. Every change answers with the cart as it is then, priced anew."""

import secrets
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from api.cart.schemas import AddRequest, CartView, ChangeLineRequest, SelectionRequest
from api.cart.showing import Spending, shelf_of, shown
from api.cart.whose import MaybeOwner, Owner
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.cart import rules
from models.cart.errors import CartFull, CartMerged, CartUnavailable
from models.cart.types import Cart
from models.orders.errors import QuantityAboveLimit, SkuUnpublished, UnknownSku
from models.points.errors import PointsNotEnough
from models.promotions.errors import CouponAlreadyUsed, CouponLocked, CouponNotFound, CouponNotValid
from models.shared.ids import AddressId, CartId, CouponId, SkuId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/cart", tags=["cart"])

_READ = (NotAuthenticated, NotFound, CartUnavailable)
_SPENDING = (CouponNotFound, CouponAlreadyUsed, CouponLocked, CouponNotValid, PointsNotEnough)
_CHANGE = (*_READ, CartMerged)
_NOT_SOLD = (UnknownSku, SkuUnpublished, QuantityAboveLimit)


@router.get("", summary="Your cart, priced on trial", responses=refusals(*_READ, *_SPENDING))
async def show_cart(
    owner: MaybeOwner,
    shop: Wired,
    address_id: Annotated[
        AddressId | None, Query(description="Of your address book; without it shipping is computed at checkout.")
    ] = None,
    coupon: Annotated[
        list[CouponId] | None, Query(max_length=5, description="Coupons of your wallet to try; repeat it for several.")
    ] = None,
    points: Annotated[int, Query(ge=0, le=1_000_000_000, description="How many points to try.")] = 0,
) -> CartView:
    """The lines with what changed since they were added, and what checkout would ask for those that are selected: every
    promotion that counts or is missed, and why, with the coupons and points you try.

    A trial, not a promise: nothing is reserved. A visitor without a cart sees an empty one.
    """
    cart = Cart() if owner is None else await shop.carts.cart(owner, shop.clock())
    return await shown(shop, owner, cart, address_id, Spending(tuple(coupon or ()), points))


@router.post("/lines", summary="Add to the cart", responses=refusals(*_CHANGE, *_NOT_SOLD, CartFull))
async def add_line(ask: AddRequest, owner: MaybeOwner, shop: Wired) -> CartView:
    """So many units more. A visitor's first one starts a cart: send its `cart_id` as `X-Cart-Id` from then on."""
    now = shop.clock()
    sku = rules.for_sale(ask.sku_id, (await shelf_of(shop, [ask.sku_id])).skus)
    change = partial(rules.add, sku=sku, quantity=ask.quantity, now=now)
    if owner is None:
        owner = CartId.mint(now, secrets.token_bytes(10))
        return await shown(shop, owner, await shop.carts.open_for_visitor(owner, change))
    return await shown(shop, owner, await shop.carts.change(owner, change, now))


@router.delete("/lines", summary="Clear the cart", responses=refusals(*_CHANGE))
async def clear_lines(owner: Owner, shop: Wired) -> CartView:
    """Remove every line; what is saved for later stays."""
    return await shown(shop, owner, await shop.carts.change(owner, rules.clear, shop.clock()))


@router.patch("/lines/{sku_id}", summary="Change a line", responses=refusals(*_CHANGE, *_NOT_SOLD))
async def change_line(sku_id: SkuId, ask: ChangeLineRequest, owner: Owner, shop: Wired) -> CartView:
    """Set its quantity, whether it is selected for checkout, or both. Safe to repeat."""
    sku = None if ask.quantity is None else rules.for_sale(sku_id, (await shelf_of(shop, [sku_id])).skus)

    def change(cart: Cart) -> Cart:
        if sku is not None and ask.quantity is not None:
            cart = rules.set_quantity(cart, sku, ask.quantity)
        return cart if ask.selected is None else rules.select(cart, sku_id, ask.selected)

    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))


@router.delete("/lines/{sku_id}", summary="Remove a line", responses=refusals(*_CHANGE))
async def remove_line(sku_id: SkuId, owner: Owner, shop: Wired) -> CartView:
    """The cart without it. Safe to repeat."""
    change = partial(rules.remove, sku_id=sku_id)
    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))


@router.put("/selection", summary="Select what to check out", responses=refusals(*_CHANGE))
async def select_lines(ask: SelectionRequest, owner: Owner, shop: Wired) -> CartView:
    """Exactly the named lines are selected. Safe to repeat."""
    change = partial(rules.select_only, sku_ids=frozenset(ask.sku_ids))
    return await shown(shop, owner, await shop.carts.change(owner, change, shop.clock()))
