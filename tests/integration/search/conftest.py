"""What the tests of search share: the running processes that keep it in step, and indexes that tests of the engines' contract only
read, filled once a module by the `new_engine` of that module."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from hanse.settings import Settings
from hanse.temporal import connect
from search.engine import SearchEngine
from tests.conftest import OpenDatabase
from tests.integration.search.engine_contract import NewEngine, holds
from tests.integration.search.goods import product, sku
from tests.integration.search.in_step import InStep, opened


@pytest.fixture
async def in_step(
    database: OpenDatabase, temporal: str, redis_url: str, settings: Settings, tmp_path: Path
) -> AsyncIterator[InStep]:
    client: Client = await connect(settings)
    async with opened(database, client, redis_url, tmp_path) as step:
        yield step


@pytest.fixture(scope="module")
async def stocked(new_engine: NewEngine) -> SearchEngine:
    engine = await new_engine()
    await engine.put(
        [
            product("mug", "Red mug", categories=("Home", "Mugs"), brand_name="Alster", attributes={"material": "steel", "capacity": 300},
                    skus=[sku("M-1", 1000, options={"Colour": "Red"}), sku("M-2", 5000, options={"Colour": "Blue"})], hours=1, sales=2),
            product("pot", "Clay pot", categories=("Home", "Pots"), brand_name="Yuntai", attributes={"material": "clay"},
                    skus=[sku("P-1", 3000, available=False, options={"Colour": "Brown"})], hours=2, sales=9),
            product("bag", "Green bag", categories=("Bags",), brand_name=None, merchant_name="Silk River", attributes={"material": "silk"},
                    skus=[sku("B-1", 2000, options={"Colour": "Green", "Size": "L"})], hours=3, sales=2),
        ]
    )  # fmt: skip
    assert await holds(engine, 3)
    return engine


@pytest.fixture(scope="module")
async def shop(new_engine: NewEngine) -> SearchEngine:
    engine = await new_engine()
    await engine.put(
        [
            product("hush", "静谧降噪耳机 Hush headphones", brand_name="比特波 Bitwave", categories=("数码 Digital", "音频 Audio"),
                    skus=[sku("BW-HUSH-01", 69900, options={"Colour": "Copper"}, barcode="6901234567892")],
                    description="主动降噪，40小时续航。Noise cancelling, 40 hours."),
            product("dress", "夏日连衣裙 Summer dress", brand_name="桑陌 Mulberry Lane", categories=("服饰 Fashion", "服装 Clothing"),
                    attributes={"material": "cotton"}),
            product("tent", "山脊双人帐篷 Ridge tent for two", brand_name="Stonefox", categories=("户外 Outdoor", "露营 Camping"), sales=10),
            product("poles", "帐篷杆 Tent poles", brand_name="Stonefox", categories=("户外 Outdoor", "露营 Camping"),
                    description="For running repairs of every tent."),
        ]
    )  # fmt: skip
    assert await holds(engine, 4)
    return engine


@pytest.fixture(scope="module")
async def typing(new_engine: NewEngine) -> SearchEngine:
    engine = await new_engine()
    await engine.put(
        [
            product("hush", "静谧降噪耳机 Hush headphones", brand_name="比特波 Bitwave", categories=("音频 Audio",)),
            product("dress", "夏日连衣裙 Summer dress", brand_name="桑陌 Mulberry Lane", categories=("服装 Clothing",)),
        ]
    )
    assert await holds(engine, 2)
    return engine


@pytest.fixture(scope="module")
async def teapot(new_engine: NewEngine) -> SearchEngine:
    engine = await new_engine()
    await engine.put([product("pot", "紫砂壶 Clay teapot")])
    assert await holds(engine, 1)
    return engine
