"""Gathers what a cart needs from catalogue, stock, address book and shipping rates, and prices it."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from api.cart.schemas import CartView
from api.wiring import Services
from models.cart.pricing import Delivery, Shelf, trial_price
from models.cart.types import Cap, Cart, CartOwner
from models.orders.types import DeliveryAddress
from models.products.types import SellableSku
from models.shared.ids import AddressId, CartId, CouponId, SkuId, UserId
from models.users.errors import NotAuthenticated


@dataclass(frozen=True)
class Spending:
    """What a buyer tries to spend on the cart."""

    coupons: tuple[CouponId, ...] = ()
    points: int = 0


async def shown(
    shop: Services,
    owner: CartOwner | None,
    cart: Cart,
    address_id: AddressId | None = None,
    spending: Spending | None = None,
) -> CartView:
    """The cart as its owner sees it, with every promotion that counts for them, and the coupons and points they try.

    Refuses `NotFound` for an address that is not the account's, and for coupons and points as `Pricing.reductions` does.
    """
    shelf = await shelf_of(shop, [line.sku_id for line in (*cart.lines, *cart.saved)])
    delivery = None if address_id is None else await _delivery(shop, owner, address_id, shelf.skus)
    spending = spending or Spending()
    if (spending.coupons or spending.points) and not isinstance(owner, UserId):
        raise NotAuthenticated("Log in to use coupons and points: they belong to accounts.")
    buyer = owner if isinstance(owner, UserId) else None
    reductions = await shop.pricing.reductions(buyer, shop.clock(), coupons=spending.coupons, points=spending.points)
    priced = trial_price(cart, shelf, delivery, reductions)
    return CartView(**dict(priced), cart_id=owner if isinstance(owner, CartId) else None)


async def shelf_of(shop: Services, sku_ids: Collection[SkuId]) -> Shelf:
    """What catalogue and stock say about these SKUs now."""
    wanted = list(dict.fromkeys(sku_ids))
    if not wanted:
        return Shelf({}, {})
    now = shop.clock()
    skus, stock = await asyncio.gather(shop.products.sellable(wanted, now), shop.inventory.sellable(wanted, now))
    return Shelf(
        skus,
        {sku_id: sellable.most for sku_id, sellable in stock.items()},
        {sku_id: sellable for sku_id, sellable in stock.items() if sellable.ahead},
    )


async def caps_of(shop: Services, sku_ids: Collection[SkuId]) -> Mapping[SkuId, Cap]:
    """How much of each SKU that is for sale a cart may take now."""
    shelf = await shelf_of(shop, sku_ids)
    return {
        sku_id: Cap(limit=sku.max_per_order, available=shelf.available[sku_id])
        for sku_id, sku in shelf.skus.items()
        if sku.is_published
    }


async def _delivery(
    shop: Services, owner: CartOwner | None, address_id: AddressId, skus: Mapping[SkuId, SellableSku]
) -> Delivery:
    if not isinstance(owner, UserId):
        raise NotAuthenticated("Log in to price shipping: addresses belong to accounts.")
    postal = (await shop.users.addresses.get(owner, address_id)).postal
    merchants = {sku.merchant_id for sku in skus.values()}
    rates = await shop.fulfillment.rates_for(merchants, skus.keys(), postal.country)
    return Delivery(DeliveryAddress(**postal.model_dump()), tuple(rates))
