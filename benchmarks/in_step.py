"""How long after an operator's answer the search index and Kafka know of a change, in a running shop, and what edits cost.

    python -m benchmarks.in_step [--data-dir .hanse] [--times 60]

Needs `hanse up` with its demo shop. The index is asked every 10 ms, as a buyer's search would; a figure counts from the moment
the operator is answered. Below 2 s at the 95th percentile is the promise.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from activities.following import Following
from cli.console import settings_for
from cli.demo_data.people import OPERATOR
from hanse.database import Database
from hanse.settings import Settings
from hanse.temporal import connect
from models.search.messages import Scope
from models.shared.ids import SpuId
from search.configured import open_engine
from search.engine import SearchEngine
from search.query import Hit, SearchQuery
from stores.products import ListingStore

_LOOK_EVERY = 0.01
_LONGEST = 20.0


class Shop:
    """An operator's hands and a buyer's eyes."""

    def __init__(self, http: httpx.AsyncClient, engine: SearchEngine) -> None:
        self._http = http
        self._engine = engine
        self.answered: dict[str, list[float]] = {}
        self.found: dict[str, list[float]] = {}

    async def ask(self, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        """What the shop answers; an error for anything but success."""
        headers = {"idempotency-key": secrets.token_hex(8)} | ({} if version is None else {"if-match": f'"{version}"'})
        answer = await self._http.request(method, path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    async def change(
        self, what: str, edit: Callable[[], Awaitable[Any]], text: str, holds: Callable[[Hit | None], bool], spu_id: str
    ) -> Any:
        """Make a change, take the time of the answer and the time until the index shows it."""
        began = time.perf_counter()
        answer = await edit()
        done = time.perf_counter()
        self.answered.setdefault(what, []).append(done - began)
        while not holds(await self._hit(text, spu_id)):
            if time.perf_counter() - done > _LONGEST:
                raise SystemExit(f"{what} of {spu_id} was not found within {_LONGEST} s")
            await asyncio.sleep(_LOOK_EVERY)
        self.found.setdefault(what, []).append(time.perf_counter() - done)
        return answer

    async def _hit(self, text: str, spu_id: str) -> Hit | None:
        hits = (await self._engine.search(SearchQuery(text=text, correct=False))).hits
        return next((hit for hit in hits if hit.spu_id == spu_id), None)


async def _product(shop: Shop, taken_from: dict[str, Any], mark: str) -> tuple[dict[str, Any], str]:
    """A product of the benchmark's own, published, with stock; and the warehouse that it lies in."""
    told = {
        "merchant_id": taken_from["merchant_id"],
        "code": f"bench-{mark}",
        "title": f"Benchmark {mark}",
        "category_id": taken_from["category_id"],
        "attributes": taken_from["attributes"],
    }
    product = await shop.ask("POST", "/v1/catalogue/products", told)
    path = f"/v1/catalogue/products/{product['spu_id']}"
    sku = {"code": f"bench-{mark}-1", "options": {}, "weight_g": 100}
    product = await shop.ask("POST", f"{path}/skus", sku, product["version"])
    sku_id = product["skus"][0]["sku_id"]
    product = await shop.ask(
        "PUT", f"/v1/catalogue/skus/{sku_id}/price", {"price": {"minor": 1_000}}, product["version"]
    )
    product = await shop.ask("PUT", f"{path}/published", {}, product["version"])
    warehouses = (await shop.ask("GET", "/v1/inventory/warehouses?limit=100"))["items"]
    mine = next(one for one in warehouses if one["merchant_id"] == taken_from["merchant_id"])
    return product, mine["warehouse_id"]


async def measure(shop: Shop, times: int) -> None:
    """Titles, prices, publication and stock of one product, over and over."""
    (any_,) = (await shop.ask("GET", "/v1/catalogue/products?limit=1"))["items"]
    mark = f"x{secrets.token_hex(4)}"
    product, warehouse = await _product(shop, any_, mark)
    spu_id, sku_id = product["spu_id"], product["skus"][0]["sku_id"]
    path, version = f"/v1/catalogue/products/{spu_id}", product["version"]
    level = {"warehouse_id": warehouse, "sku_id": sku_id}
    await shop.ask("POST", "/v1/inventory/receive", {**level, "quantity": 1})
    for number in range(times):
        price = 2_000 + number
        body: dict[str, Any] = {"price": {"minor": price}}
        edited = await shop.change(
            "price",
            lambda: shop.ask("PUT", f"/v1/catalogue/skus/{sku_id}/price", body, version),  # noqa: B023
            mark,
            lambda hit: hit is not None and hit.price_from.minor == price,  # noqa: B023
            spu_id,
        )
        title = f"Benchmark {mark} y{number}z"
        draft = {"title": title, "category_id": product["category_id"], "attributes": product["attributes"]}
        edited = await shop.change(
            "title",
            lambda: shop.ask("PUT", path, draft, edited["version"]),  # noqa: B023
            f"y{number}z",
            lambda hit: hit is not None and hit.title == title,  # noqa: B023
            spu_id,
        )
        edited = await shop.change(
            "unpublish",
            lambda: shop.ask("PUT", f"{path}/unpublished", {}, edited["version"]),  # noqa: B023
            mark,
            lambda hit: hit is None,
            spu_id,
        )
        edited = await shop.change(
            "publish",
            lambda: shop.ask("PUT", f"{path}/published", {}, edited["version"]),  # noqa: B023
            mark,
            lambda hit: hit is not None,
            spu_id,
        )
        version = edited["version"]
        for what, units in (("sold out", 0), ("in stock again", 1)):
            await shop.change(
                what,
                lambda: shop.ask("POST", "/v1/inventory/count", {**level, "on_hand": units, "note": "bench"}),  # noqa: B023
                mark,
                lambda hit: hit is not None and hit.in_stock == bool(units),  # noqa: B023
                spu_id,
            )


async def cost_of_announcing(settings: Settings, times: int) -> list[float]:
    """What an edit waits for beyond the edit itself: its announcement and the word that it is over."""
    client = await connect(settings)
    following = Following(client, ListingStore(await Database(settings.dsn("products"), max_size=1).open()))
    taken = []
    for _ in range(times):
        scope = Scope(products=(SpuId.from_number(secrets.randbits(128)),))
        began = time.perf_counter()
        await following.announce(scope, "bench")
        await following.ended(scope, "bench", changed=False)
        taken.append(time.perf_counter() - began)
    return taken


def _row(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {name: round(cuts[n - 1] * 1000, 1) for name, n in (("p50", 50), ("p95", 95), ("p99", 99))}


async def main() -> None:
    """Measure, print; exit 1 when something is above the promise."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-dir", type=Path, default=None)
    options.add_argument("--times", type=int, default=60)
    asked = options.parse_args()
    settings = settings_for(asked.data_dir)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=settings.api_url, timeout=30))
        engine = await stack.enter_async_context(open_engine(settings))
        login = {"contact": OPERATOR[0], "password": OPERATOR[1]}
        tokens = (await http.post("/v1/users/login", json=login)).raise_for_status().json()
        http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        shop = Shop(http, engine)
        await measure(shop, asked.times)
    every = [taken for series in shop.found.values() for taken in series]
    report = {
        "answered after, ms": {what: _row(series) for what, series in shop.answered.items()},
        "found after, ms": {what: _row(series) for what, series in shop.found.items()} | {"all": _row(every)},
        "announcing and ending, ms": _row(await cost_of_announcing(settings, asked.times)),
    }
    print(json.dumps(report, indent=2))  # noqa: T201
    if _row(every)["p95"] > 2_000:
        raise SystemExit("p95 above 2 s")


if __name__ == "__main__":
    asyncio.run(main())
