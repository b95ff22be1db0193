"""The operator account that verbs of the command line work with."""

from datetime import UTC, datetime

from redis.asyncio import Redis

from cli.calling import Login, Refused, Shop
from cli.demo_data.people import ensure_people
from hanse.database import Database
from hanse.settings import Settings
from stores.users import UsersStore


async def ensure_operator(settings: Settings, shop: Shop, operator: Login) -> None:
    """Log the demo operator in. In a shop without one it is made first: nobody could grant its role over HTTP."""
    try:
        await shop.log_in(operator)
    except Refused as refusal:
        if refusal.code != "credentials_wrong":
            raise
        await _make(settings)
        await shop.log_in(operator)


async def _make(settings: Settings) -> None:
    users = await Database(settings.dsn("users"), max_size=2).open()
    redis = Redis.from_url(settings.redis_url)
    try:
        store = UsersStore.on(
            users,
            redis,
            access_token_lifetime=settings.access_token_lifetime,
            session_lifetime=settings.refresh_token_lifetime,
        )
        await ensure_people(store, datetime.now(UTC))
    finally:
        await redis.aclose()
        await users.close()
