"""The stores of carts, together."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Self

from redis.asyncio import Redis

from hanse.database import Database
from models.cart.types import Cap, Cart, CartOwner, MergeReport
from models.shared.ids import CartId, SkuId, UserId
from stores.cart.accounts import AccountCarts, Change
from stores.cart.copies import Copies
from stores.cart.visitors import VisitorCarts

CapsOf = Callable[[Collection[SkuId]], Awaitable[Mapping[SkuId, Cap]]]
"""Asks catalogue and stock how much of these SKUs a cart may take; those not for sale are absent."""


class CartStore:
    """Carts of accounts and of visitors under one roof."""

    def __init__(self, accounts: AccountCarts, visitors: VisitorCarts) -> None:
        self.accounts = accounts
        self.visitors = visitors

    @classmethod
    def on(cls, db: Database, redis: Redis) -> Self:
        """The stores on database `users` and this Redis."""
        return cls(AccountCarts(db, Copies(redis)), VisitorCarts(redis))

    async def cart(self, owner: CartOwner, now: datetime) -> Cart:
        """The cart: an account always has one, a visitor's is `NotFound` or `CartUnavailable` if it is not there."""
        if isinstance(owner, UserId):
            return await self.accounts.cart(owner, now)
        return await self.visitors.cart(owner)

    async def open_for_visitor(self, cart_id: CartId, change: Change) -> Cart:
        """A visitor's new cart, with its first change in it. A refusal of `change` leaves none."""
        return await self.visitors.open(cart_id, change(Cart()).model_copy(update={"version": 1}))

    async def change(self, owner: CartOwner, change: Change, now: datetime) -> Cart:
        """Change a cart so that no concurrent change is lost; a refusal of `change` leaves it as it was.

        A visitor's cart also refuses with `NotFound`, `CartMerged` and `CartUnavailable`.
        """
        if isinstance(owner, UserId):
            return await self.accounts.change(owner, change, now)
        return await self.visitors.change(owner, change)

    async def merge(self, user_id: UserId, cart_id: CartId, caps_of: CapsOf, now: datetime) -> MergeReport:
        """The visitor's cart goes into the account's and is empty afterwards; once, however often and wherever it is asked.

        Two places and no transaction over both: the visitor's cart is sealed for the account, so that nothing can be added
        behind our back; the account takes its lines together with a record that it has; then the visitor's cart is
        emptied. Stopped anywhere between, asking again goes on from there. Refuses `NotFound` and `CartUnavailable`.
        """
        report = await self.accounts.merge_report(user_id, cart_id)
        if report is None:
            visitor = await self.visitors.seal(cart_id, user_id)
            caps = await caps_of([line.sku_id for line in visitor.lines])
            report = await self.accounts.merge_once(user_id, cart_id, visitor, caps, now)
        await self.visitors.empty_sealed(cart_id, user_id)
        return report
