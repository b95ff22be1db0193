"""The demo shop is complete, and loading it again changes nothing."""

import io
from pathlib import Path

import pytest
from PIL import Image

from cli.demo_data import load
from cli.demo_data.goods import MERCHANTS
from hanse.blobs import LocalBlobs
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.part import StackError
from models.products.types import ProductFilter
from stores.inventory import InventoryStore
from stores.products import ProductStore, TaxonomyStore
from stores.promotions import CouponStore, PromotionStore, PurchaseLimitStore
from tests.integration.inventory.shop import in_stock
from tests.integration.products.catalogue import NOW, YUAN


@pytest.fixture
def demo_settings(migrated_settings: Settings, redis_url: str, tmp_path: Path) -> Settings:
    return migrated_settings.model_copy(update={"data_dir": tmp_path})


async def test_the_demo_shop_sells_what_it_shows_and_loads_once(demo_settings: Settings) -> None:
    first = await load(demo_settings)
    database = await Database(demo_settings.dsn("products")).open()
    stock = await Database(demo_settings.dsn("inventory")).open()
    products, inventory = ProductStore(database), InventoryStore(stock)
    now = NOW.replace(year=2099)
    ours = {code for code, *_ in MERCHANTS}  # other tests may have sold something in these databases before
    merchants = [each for each in await TaxonomyStore(database).merchants() if each.code in ours]
    cards = [
        card
        for merchant in merchants
        for card in await products.browse(ProductFilter(merchant_id=merchant.merchant_id), now, limit=200)
    ]
    whole = [await products.published(card.spu_id, now) for card in cards]
    skus = [sku.sku_id for product in whole for sku in product.skus]

    assert len(cards) >= 60
    assert len(skus) >= 150
    assert len({card.image_url for card in cards}) == len(cards)
    assert all(card.price_from >= YUAN for card in cards)
    assert all(sku.is_published for sku in (await products.sellable(skus, now)).values())
    assert await in_stock(inventory, skus) == dict.fromkeys(skus, 160)
    content = await LocalBlobs(demo_settings.data_dir / "media").get(str(cards[0].image_url).removeprefix("/media/"))
    assert content is not None
    assert Image.open(io.BytesIO(content)).size == (320, 320)

    promotions = await Database(demo_settings.dsn("promotions")).open()
    rules, coupons, limits = PromotionStore(promotions), CouponStore(promotions), PurchaseLimitStore(promotions)

    async def offered() -> tuple[object, ...]:
        running = [offer for offer in await rules.running(now, limit=100) if offer.campaign == "开港季 Harbour season"]
        kept = [
            one for one in await limits.page(limit=100) if set(one.terms.scope.products) <= {c.spu_id for c in cards}
        ]
        templates = [one for one in await coupons.templates(limit=100) if "券" in one.terms.label]
        return running, kept, templates

    running, kept, templates = await offered()
    assert {offer.offer.kind for offer in running} == {
        "spend_save",
        "spend_percent",
        "direct_cut",
        "timed_price",
        "free_shipping",
        "n_for_m",
    }
    assert [limit.status for limit in kept] == ["active"]
    assert [(one.status, one.terms.members_only, one.terms.by_code_only) for one in templates].count(
        ("active", False, True)
    ) == 1
    assert len(templates) == 3

    again = await load(demo_settings)
    assert again == first
    assert await offered() == (running, kept, templates)
    assert [await products.published(card.spu_id, now) for card in cards] == whole
    assert await in_stock(inventory, skus) == dict.fromkeys(skus, 160)
    await database.close()
    await stock.close()
    await promotions.close()


async def test_demo_accounts_with_public_passwords_never_reach_production(demo_settings: Settings) -> None:
    with pytest.raises(StackError, match="production"):
        await load(demo_settings.model_copy(update={"environment": "production"}))
