"""Carts on a fresh database and the run's Redis, seen from several processes, and words for the tests."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis

from hanse.database import Database
from models.cart import rules
from models.cart.types import Cap, Cart
from models.products.types import SellableSku
from models.shared.ids import CartId, SkuId, UserId
from stores.cart import CartStore
from tests.unit.orders.baskets import NOW, named, sku

TEA, POT = sku("green tea"), sku("tea pot", 3000)


@dataclass
class Carts:
    """The store as one process has it, and those of other processes on the same servers."""

    store: CartStore
    others: list[CartStore]
    db: Database
    redis: Redis

    async def account(self) -> UserId:
        """An account that exists."""
        user_id = UserId.mint(NOW, secrets.token_bytes(10))
        async with self.db.reader() as connection:
            await connection.execute(
                "INSERT INTO users (id, email, display_name, status, password_hash, created_at, updated_at) "
                "VALUES ($1, $2, 'Anna', 'active', '', $3, $3)",
                user_id,
                f"{user_id}@example.com",
                NOW,
            )
        return user_id

    async def visitor(self, *, of: SellableSku = TEA, quantity: int = 1) -> CartId:
        """A visitor's cart with something in it."""
        cart_id = CartId.mint(NOW, secrets.token_bytes(10))
        await self.store.open_for_visitor(cart_id, adding(of, quantity))
        return cart_id


def adding(what: SellableSku = TEA, quantity: int = 1) -> Callable[[Cart], Cart]:
    """The change that adds so many."""
    return partial(rules.add, sku=what, quantity=quantity, now=NOW)


async def plenty(sku_ids: Collection[SkuId]) -> Mapping[SkuId, Cap]:
    """A catalogue that has enough of everything."""
    return {sku_id: Cap(limit=999, available=999) for sku_id in sku_ids}


def units(cart: Cart, name: str = "green tea") -> int:
    """How many of that SKU are in the cart."""
    return sum(line.quantity for line in cart.lines if line.sku_id == named(SkuId, name))
