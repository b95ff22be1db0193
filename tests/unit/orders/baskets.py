"""Goods, rates and addresses for the tests of quoting."""

from datetime import UTC, datetime
from typing import TypeVar

from models.orders.types import DeliveryAddress, ShippingRate
from models.products.types import SellableSku
from models.shared import Money
from models.shared.ids import Id, MerchantId, SkuId, SpuId

T = TypeVar("T", bound=Id)

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
HOME = DeliveryAddress(
    recipient="Li Lei",
    phone="+8613800138000",
    country="CN",
    region="Beijing",
    city="Beijing",
    postal_code="100-080",
    line="1",
)


def named(kind: type[T], name: str) -> T:
    """The id of that kind which this name stands for."""
    return kind.derive(NOW, name)


SHOP, OTHER_SHOP = named(MerchantId, "shop"), named(MerchantId, "other shop")


def sku(
    name: str,
    price: int = 1000,
    *,
    merchant: MerchantId = SHOP,
    currency: str = "CNY",
    published: bool = True,
    limit: int = 999,
) -> SellableSku:
    """A SKU of that name."""
    return SellableSku(
        sku_id=named(SkuId, name),
        spu_id=named(SpuId, name),
        merchant_id=merchant,
        title=f"Product {name}",
        options="",
        image_url=None,
        price=Money(minor=price, currency=currency),
        weight_g=100,
        is_published=published,
        category_ids=(),
        brand_id=None,
        max_per_order=limit,
        version=1,
    )


def rate(
    base: int,
    per_unit: int = 0,
    *,
    sku_id: SkuId | None = None,
    merchant: MerchantId = SHOP,
    country: str = "CN",
    prefix: str = "",
    currency: str = "CNY",
) -> ShippingRate:
    """A shipping rate, in minor units."""
    return ShippingRate(
        merchant_id=merchant,
        sku_id=sku_id,
        country=country,
        postal_prefix=prefix,
        base=Money(minor=base, currency=currency),
        per_unit=Money(minor=per_unit, currency=currency),
    )
