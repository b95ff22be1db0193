"""Carts of people who have not logged in: in Redis and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.cart.errors import CartMerged, CartUnavailable
from models.cart.rules import VISITOR_CART_LIFETIME
from models.cart.types import Cart
from models.shared.ids import CartId, UserId
from models.shared.refusals import NotFound

_PATIENCE_SECONDS = 2.0
_TRIES = 200
"""Each try that fails means that someone else's change went in, so this many rivals at once are waited for."""

_EMPTY = Cart().model_dump_json()
_LIFETIME_MS = int(VISITOR_CART_LIFETIME.total_seconds() * 1000)

_PUT_IF_UNCHANGED = """
if redis.call('HGET', KEYS[1], 'version') ~= (ARGV[1] ~= '' and ARGV[1]) then return 0 end
if redis.call('HEXISTS', KEYS[1], 'account') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'cart', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""
_SEAL = """
local cart = redis.call('HGET', KEYS[1], 'cart')
if not cart then return false end
if redis.call('HSETNX', KEYS[1], 'account', ARGV[1]) == 0 and redis.call('HGET', KEYS[1], 'account') ~= ARGV[1] then
  return false
end
return cart
"""
_EMPTY_SEALED = """
if redis.call('HGET', KEYS[1], 'account') == ARGV[1] then redis.call('HSET', KEYS[1], 'cart', ARGV[2]) end
return 1
"""


class VisitorCarts:
    """One cart for each unguessable id. A cart lives 30 days after its last change; losing Redis loses it.

    Every method refuses with `CartUnavailable` when Redis is silent.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._put_if_unchanged = redis.register_script(_PUT_IF_UNCHANGED)
        self._seal = redis.register_script(_SEAL)
        self._empty_sealed = redis.register_script(_EMPTY_SEALED)

    async def cart(self, cart_id: CartId) -> Cart:
        """The cart; empty once it went into an account. Refuses `NotFound`."""
        text, _ = await self._read(cart_id)
        return Cart.model_validate_json(text)

    async def open(self, cart_id: CartId, cart: Cart) -> Cart:
        """A new cart under an id that was minted for it."""
        if not await self._replaced(cart_id, None, cart):
            raise RuntimeError(f"{cart_id} was minted twice")
        return cart

    async def change(self, cart_id: CartId, change: Callable[[Cart], Cart]) -> Cart:
        """Change the cart, with no change made meanwhile lost: it is replaced only as it was read, else tried again.

        A refusal of `change` leaves it as it was. Refuses `NotFound`, and `CartMerged` once it went into an account.
        """
        for _ in range(_TRIES):
            text, account = await self._read(cart_id)
            if account is not None:
                raise CartMerged("This cart has gone into an account. Leave X-Cart-Id out to start a new one.")
            before = Cart.model_validate_json(text)
            after = change(before)
            if after == before:
                return before
            after = after.model_copy(update={"version": before.version + 1})
            if await self._replaced(cart_id, before.version, after):
                return after
        raise CartUnavailable("Too many changes of this cart at once; ask again in a moment.", retry_after=1)

    async def seal(self, cart_id: CartId, user_id: UserId) -> Cart:
        """From here on the cart takes no changes and only this account may merge it. Sealing again is answered alike.

        Refuses `NotFound` for a cart that is not there or is another account's.
        """
        async with _reached():
            text = await self._seal([_key(cart_id)], [user_id])
        if text is None:
            raise _not_found()
        return Cart.model_validate_json(text)

    async def empty_sealed(self, cart_id: CartId, user_id: UserId) -> None:
        """The cart is in the account now, so nothing is left in it. Nothing happens if it is gone or not sealed for it."""
        async with _reached():
            await self._empty_sealed([_key(cart_id)], [user_id, _EMPTY])

    async def _read(self, cart_id: CartId) -> tuple[bytes, bytes | None]:
        async with _reached():
            found: list[Any] = await self._redis.hmget(_key(cart_id), ["cart", "account"])
        text, account = found
        if text is None:
            raise _not_found()
        return text, account

    async def _replaced(self, cart_id: CartId, version: int | None, cart: Cart) -> bool:
        expected = "" if version is None else version
        async with _reached():
            arguments = [expected, cart.version, cart.model_dump_json(), _LIFETIME_MS]
            return bool(await self._put_if_unchanged([_key(cart_id)], arguments))


@asynccontextmanager
async def _reached() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            yield
    except (RedisError, OSError, TimeoutError) as silence:
        raise CartUnavailable(
            "Visitors' carts are out of reach for a moment. Ask again, or log in: carts of accounts go on.",
            retry_after=2,
        ) from silence


def _not_found() -> NotFound:
    return NotFound("There is no cart by this id; it may have expired. Leave X-Cart-Id out to start a new one.")


def _key(cart_id: CartId) -> str:
    return f"cart:visitor:{cart_id}"
