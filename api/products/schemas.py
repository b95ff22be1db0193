"""What goes over the wire about products, where it is not a value of the domain itself."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.spoken import Spoken
from models.products.lines import LineFault
from models.products.types import (
    AttributeDefinition,
    Code,
    Label,
    ProductDraft,
    SkuDraft,
)
from models.shared import Instant
from models.shared.ids import CategoryId, MediaId, MerchantId
from models.shared.money import MAX_MINOR, Currency
from stores.products.bulk import BatchDone

_COUNTS = (
    "lines",
    "products_created",
    "products_changed",
    "skus_created",
    "skus_changed",
    "prices_changed",
    "unchanged",
)


_MATERIAL = {"code": "material", "label": "材质 Material", "kind": "enum", "choices": ["cotton", "linen"]}


def _like(**example: Any) -> ConfigDict:
    """The example of a request in the API description."""
    return ConfigDict(json_schema_extra={"example": example})


Position = Annotated[int, Field(ge=0, le=100_000)]


class ProductRequest(ProductDraft):
    """Everything a product says about itself."""

    model_config = _like(
        title="亚麻衬衫 Linen shirt", category_id="cat_01jd8x3k7q9z4w2v6t5r8y1n0m", attributes={"material": "linen"}
    )


class SkuRequest(SkuDraft):
    """Everything a SKU says about itself."""

    model_config = _like(options={"Size": "M"}, weight_g=280, max_per_order=5)


class NewProduct(ProductDraft):
    """A product to be created; merchant and code never change afterwards."""

    model_config = _like(
        merchant_id="mer_01jd8x3k7q9z4w2v6t5r8y1n0m",
        code="linen-shirt",
        title="亚麻衬衫 Linen shirt",
        description="Washed linen, shell buttons.",
        category_id="cat_01jd8x3k7q9z4w2v6t5r8y1n0m",
        attributes={"material": "linen"},
    )

    merchant_id: MerchantId
    code: Code


class NewSku(SkuDraft):
    """A SKU to be created; its code never changes afterwards."""

    model_config = _like(code="linen-shirt-m", options={"Size": "M"}, weight_g=280, barcode="4006381333931")

    code: Code


class Price(Spoken):
    """An amount that a buyer pays: never negative."""

    minor: Annotated[int, Field(ge=0, le=MAX_MINOR)]
    currency: Currency = "CNY"


class PriceRequest(Spoken):
    """A price from `effective_at` on; from now on without it."""

    model_config = _like(price={"minor": 19900, "currency": "CNY"}, effective_at="2026-12-01T00:00:00Z")

    price: Price
    effective_at: Instant | None = None


class WhenRequest(Spoken):
    """From when on; from now on without `at`."""

    model_config = _like(at="2026-12-01T00:00:00Z")

    at: Instant | None = None


class MediaRequest(Spoken):
    """The pictures of a product, in the order they are shown."""

    model_config = _like(media_ids=["med_01jd8x3k7q9z4w2v6t5r8y1n0m"])

    media_ids: Annotated[list[MediaId], Field(max_length=20)]


class MerchantRequest(Spoken):
    """Who a merchant is and where."""

    model_config = _like(name="汉萨家居 Hansa Home", city="Shanghai", region="Shanghai")

    name: Label
    city: Label
    region: Label


class NewMerchant(MerchantRequest):
    """A merchant to be added; its code never changes afterwards."""

    model_config = _like(code="hansa-home", name="汉萨家居 Hansa Home", city="Shanghai", region="Shanghai")

    code: Code


class BrandRequest(Spoken):
    """What a brand is called."""

    model_config = _like(name="Alster")

    name: Label


class NewBrand(BrandRequest):
    """A brand to be added; its code never changes afterwards."""

    model_config = _like(code="alster", name="Alster")

    code: Code


class CategoryRequest(Spoken):
    """What a category says; `position` orders it among its siblings."""

    model_config = _like(
        name="Shirts",
        position=1,
        attributes=[_MATERIAL],
    )

    name: Label
    position: Position = 0
    attributes: Annotated[tuple[AttributeDefinition, ...], Field(max_length=100)] = ()


class NewCategory(CategoryRequest):
    """A category to be added below `parent_id`, or as a root; its code never changes afterwards."""

    model_config = _like(
        code="shirts",
        name="Shirts",
        attributes=[_MATERIAL],
    )

    code: Code
    parent_id: CategoryId | None = None


class MoveRequest(Spoken):
    """Where a category goes: below another, or to the roots (null)."""

    model_config = _like(parent_id=None)

    parent_id: CategoryId | None


class ImportReport(BaseModel):
    """What an import did. Good lines are done even if others are not; the same file again changes nothing."""

    lines: int = 0
    products_created: int = 0
    products_changed: int = 0
    skus_created: int = 0
    skus_changed: int = 0
    prices_changed: int = 0
    unchanged: int = 0
    faults_total: int = 0
    faults: list[LineFault] = []
    """The first 500: line, column, what is wrong, what to do."""

    def add(self, done: BatchDone, *, shown: int) -> None:
        """Count one batch in; at most `shown` faults are kept."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(done, name))
        self.faults_total += len(done.faults)
        self.faults.extend(done.faults[: shown - len(self.faults)])
