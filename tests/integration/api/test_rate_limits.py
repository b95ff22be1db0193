"""R1.3 on a real Redis: so many requests and no more, by address, by user and by class of path."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from api.app import build
from api.edge.buckets import Bucket, Buckets
from api.edge.limits import network_of, quotas_of
from api.edge.path_classes import class_of
from hanse.settings import Settings
from tests.conftest import OpenDatabase
from tests.integration.users.shop import Person, Shop, open_shop


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


def bucket(quota: int, window: float, name: str | None = None) -> Bucket:
    return Bucket(f"test:{name or secrets.token_hex(6)}", name or "test", quota, window)


async def test_a_bucket_gives_exactly_its_quota_however_many_ask_at_once(redis_client: Redis) -> None:
    buckets, asked = Buckets(redis_client), bucket(20, 600)
    taken = await asyncio.gather(*(buckets.take([asked], must_know=True) for _ in range(100)))
    assert sum(one is not None and one.refused_by is None for one in taken) == 20


async def test_a_bucket_fills_evenly(redis_client: Redis) -> None:
    buckets, asked = Buckets(redis_client), bucket(10, 1)
    first = [await buckets.take([asked], must_know=True) for _ in range(11)]
    assert [one.refused_by is None for one in first if one] == [True] * 10 + [False]
    await asyncio.sleep(0.25)
    later = [await buckets.take([asked], must_know=True) for _ in range(5)]
    assert 2 <= sum(one.refused_by is None for one in later if one) <= 4


async def test_a_refused_request_takes_nothing_from_the_buckets_it_shares(redis_client: Redis) -> None:
    buckets, mine, everybodys = Buckets(redis_client), bucket(1, 600), bucket(5, 600)
    for _ in range(50):
        await buckets.take([mine, everybodys], must_know=True)
    left = await buckets.take([everybodys], must_know=True)
    assert left is not None
    assert left.levels[0].left == 3


async def test_of_a_generous_bucket_processes_together_give_out_no_more_than_the_quota_and_seldom_ask(
    redis_client: Redis,
) -> None:
    asked = bucket(2_000, 2)
    processes = [Buckets(redis_client) for _ in range(4)]
    start = time.monotonic()
    before = (await redis_client.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"]
    given = 0
    for _ in range(475):
        taken = [await one.take([asked], must_know=True) for one in processes]
        given += sum(one is not None and one.refused_by is None for one in taken)
    after = (await redis_client.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert given == 1_900
    assert after - before < 40
    for _ in range(1_000):
        taken = [await one.take([asked], must_know=True) for one in processes]
        given += sum(one is not None and one.refused_by is None for one in taken)
    assert given < 5_900, "nobody was refused"
    assert given <= 2_000 + 1_000 * (time.monotonic() - start) + 1


async def test_a_crowd_that_finds_the_handful_spent_fetches_one_and_not_one_each(redis_client: Redis) -> None:
    """300 of the 600 that may come within a minute: none is refused."""
    buckets, asked = Buckets(redis_client), bucket(600, 60)
    assert asked.handful > 1
    taken = await asyncio.gather(*(buckets.take([asked], must_know=True) for _ in range(300)))
    assert sum(one is not None and one.refused_by is None for one in taken) == 300
    left = [one.levels[0].left for one in taken if one]
    assert min(left) >= 600 - 300 - 2 * asked.handful


async def test_of_a_crowd_larger_than_the_quota_as_many_are_let_in_and_every_other_is_told(redis_client: Redis) -> None:
    buckets, asked = Buckets(redis_client), bucket(600, 60)
    start = time.monotonic()
    taken = await asyncio.gather(*(buckets.take([asked], must_know=True) for _ in range(1_000)))
    assert all(one is not None for one in taken)
    let_in = sum(one is not None and one.refused_by is None for one in taken)
    assert 600 <= let_in <= 600 + 10 * (time.monotonic() - start) + 1


async def test_a_bucket_leaves_redis_when_it_is_full_again(redis_client: Redis) -> None:
    asked = bucket(10, 10)
    await Buckets(redis_client).take([asked], must_know=True)
    assert 0 < await redis_client.pttl(asked.key) <= 1_010


async def test_it_says_what_is_left_and_when_to_come_again(redis_client: Redis) -> None:
    buckets, asked = Buckets(redis_client), bucket(2, 60)
    first, second, third = [await buckets.take([asked], must_know=True) for _ in range(3)]
    assert first is not None
    assert second is not None
    assert third is not None
    assert [one.levels[0].left for one in (first, second, third)] == [1, 0, 0]
    assert third.refused_by is not None
    assert 25 <= third.refused_by.seconds <= 30


# ---- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def open_limited(
    database: OpenDatabase, redis_url: str, redis_client: Redis, tmp_path: Any, settings: Settings
) -> AsyncIterator[Any]:
    opened = []

    async def open_with(redis: str = redis_url, **quotas: str) -> Shop:
        async for key in redis_client.scan_iter("limit:*"):  # every client of this machine has one address
            await redis_client.delete(key)
        app = build(settings.model_copy(update={"rate_limit_scale": 1.0, "rate_limit_quotas": quotas}))
        context = open_shop(app, await database("users"), await database("ops"), redis, tmp_path)
        opened.append(context)
        return await context.__aenter__()

    yield open_with
    for context in opened:
        await context.__aexit__(None, None, None)


async def repeat(who: Person, times: int, method: str, path: str, **more: Any) -> list[httpx.Response]:
    return [await who.http.request(method, path, **more) for _ in range(times)]


async def test_an_address_is_refused_above_its_quota_and_told_everything(open_limited: Any) -> None:
    shop = await open_limited(reads_address="3/600")
    answers = await repeat(shop.stranger(), 4, "GET", "/v1/users/me")
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[0].headers["ratelimit-policy"] == '"reads_address";q=3;w=600'
    assert answers[0].headers["ratelimit"].startswith('"reads_address";r=2;t=')
    refused = answers[3]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["violated_policies"] == ["reads_address"]
    assert 190 <= int(refused.headers["retry-after"]) <= 200
    assert refused.headers["ratelimit"] == f'"reads_address";r=0;t={refused.headers["retry-after"]}'
    assert refused.headers["x-content-type-options"] == "nosniff"


async def test_users_behind_one_address_have_a_quota_each(open_limited: Any) -> None:
    shop = await open_limited(reads_user="3/600")
    anna, ben = await shop.customer(), await shop.customer()
    of_anna = await repeat(anna, 4, "GET", "/v1/users/me")
    assert [answer.status_code for answer in of_anna] == [200, 200, 200, 429]
    assert [answer.status_code for answer in await repeat(ben, 3, "GET", "/v1/users/me")] == [200] * 3


async def test_a_forged_token_does_not_use_up_anybodys_quota(open_limited: Any) -> None:
    shop = await open_limited(reads_user="2/600")
    anna = await shop.customer()
    forger = shop.stranger()
    head, payload, _ = anna.tokens["access_token"].split(".")
    forger.http.headers["authorization"] = f"Bearer {head}.{payload}.{'A' * 43}"
    assert {answer.status_code for answer in await repeat(forger, 5, "GET", "/v1/users/me")} == {401}
    assert [answer.status_code for answer in await repeat(anna, 2, "GET", "/v1/users/me")] == [200, 200]


async def test_classes_of_paths_do_not_share_a_quota(open_limited: Any) -> None:
    shop = await open_limited(log_in_address="2/600")
    stranger = shop.stranger()
    tries = await repeat(stranger, 3, "POST", "/v1/users/login", json={"contact": "a@example.com", "password": "wrong"})
    assert [answer.status_code for answer in tries] == [401, 401, 429]
    assert (await stranger.http.get("/v1/users/me")).status_code == 401
    assert (await stranger.http.post("/v1/addresses", json={})).status_code == 401


async def test_the_shop_as_a_whole_takes_so_many_a_second(open_limited: Any) -> None:
    shop = await open_limited(shop_all="5/600")
    answers = await repeat(shop.stranger(), 7, "GET", "/v1/users/me")
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert "shop_all" not in answers[0].headers["ratelimit"]


async def test_health_metrics_and_callbacks_are_never_refused(open_limited: Any) -> None:
    shop = await open_limited(shop_all="1/600")
    answers = await repeat(shop.stranger(), 20, "GET", "/healthz")
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
    assert class_of("GET", "/metrics") is None
    assert class_of("POST", "/payments/att_01jd8x4q2r7m9v3k5t6w8y0zab/callbacks") is None
    assert class_of("POST", "/v1/payments/att_01jd8x4q2r7m9v3k5t6w8y0zab/callbacks") is None
    assert class_of("POST", "/payment-channels/stripe/callbacks") is None


@pytest.mark.parametrize("manner", ["refusing", "hanging"])
async def test_without_redis_reads_go_on_and_logging_in_is_closed(open_limited: Any, manner: str) -> None:
    asked: list[float] = []

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.append(time.monotonic())
        await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if manner == "refusing":
        server.close()
        await server.wait_closed()
    shop = await open_limited(redis=f"redis://127.0.0.1:{port}/0")
    stranger = shop.stranger()
    before = time.monotonic()
    answers = await repeat(stranger, 20, "GET", "/v1/users/me")
    assert {answer.status_code for answer in answers} == {401}
    seconds = time.monotonic() - before
    assert len(asked) <= seconds + 1, "a Redis that was silent a moment ago was asked again"
    closed = [
        await stranger.http.post("/v1/users/login", json={"contact": "a@example.com", "password": "wrong"}),
        await stranger.http.post("/v1/verification-codes", json={"contact": "a@example.com", "purpose": "register"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in closed] == [(503, "limits_unknown")] * 2
    assert closed[0].headers["retry-after"] == "1"
    server.close()


def test_production_takes_the_table_and_development_a_thousand_times_as_many() -> None:
    production = quotas_of(Settings(environment="production"))
    assert quotas_of(Settings(environment="development")) == {
        policy: (quota * 1000, window) for policy, (quota, window) in production.items()
    }
    assert quotas_of(Settings(rate_limit_quotas={"codes_address": "2/60"}, rate_limit_scale=1))["codes_address"] == (
        2,
        60,
    )


def test_a_quota_that_does_not_exist_is_a_mistake_of_the_setup() -> None:
    with pytest.raises(ValueError, match="logins_address"):
        quotas_of(Settings(rate_limit_quotas={"logins_address": "2/60"}))


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:203.0.113.7") == network_of("203.0.113.7") == "203.0.113.7"


async def test_switched_off_nothing_is_counted(
    database: OpenDatabase, redis_url: str, tmp_path: Any, settings: Settings
) -> None:
    off = settings.model_copy(update={"rate_limits": False, "rate_limit_quotas": {"reads_address": "1/600"}})
    async with open_shop(build(off), await database("users"), await database("ops"), redis_url, tmp_path) as shop:
        answers = await repeat(shop.stranger(), 5, "GET", "/v1/users/me")
    assert {answer.status_code for answer in answers} == {401}
    assert "ratelimit" not in answers[0].headers
