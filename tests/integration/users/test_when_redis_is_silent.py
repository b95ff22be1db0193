"""Without Redis, PostgreSQL judges sessions. Rate limits are off here: with them nobody logs in while Redis is silent
(tests/integration/api/test_rate_limits.py)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.app import build
from hanse.database import Database
from hanse.settings import Settings
from tests.conftest import OpenDatabase
from tests.integration.users.shop import Shop, open_shop


@pytest.fixture(params=["refusing", "hanging"])
async def shop_without_redis(
    request: pytest.FixtureRequest,
    database: OpenDatabase,
    audit_database: Database,
    tmp_path: Path,
    settings: Settings,
) -> AsyncIterator[Shop]:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if request.param == "refusing":
        server.close()
        await server.wait_closed()
    url = f"redis://127.0.0.1:{port}/0"
    async with open_shop(
        build(settings.model_copy(update={"rate_limits": False})),
        await database("users"),
        audit_database,
        url,
        tmp_path,
    ) as shop:
        yield shop
    server.close()


async def test_people_log_in_and_revoked_sessions_stop_at_once(shop_without_redis: Shop) -> None:
    shop = shop_without_redis
    anna = await shop.customer()
    phone = shop.stranger(anna.contact)
    await phone.log_in()
    assert await anna.is_let_in()
    assert await phone.is_let_in()
    await anna.http.delete(f"/v1/sessions/{phone.tokens['session_id']}")
    assert await anna.is_let_in()
    assert not await phone.is_let_in()
