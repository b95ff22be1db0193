"""The values of the products domain: what stores return and edges show."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.shared import Frozen, Instant, Money
from models.shared.ids import BrandId, CategoryId, MediaId, MerchantId, SkuId, SpuId

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name that people and files use for a thing; unique among merchants, categories, brands, or within one merchant."""

_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps every character but this one."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=_NO_NUL)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=_NO_NUL)]
Description = Annotated[str, StringConstraints(max_length=10_000, pattern=_NO_NUL)]
AttributeValue = (
    Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]
    | Annotated[int | float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
)
Attributes = dict[Code, AttributeValue]
Options = dict[Label, Label]
"""What tells one SKU of a product from another: `{"Colour": "Red", "Size": "M"}`; empty for a product of one SKU."""

Weight = Annotated[int, Field(ge=0, le=1_000_000)]
"""Grams, packed for shipping; at most a tonne."""
MaxPerOrder = Annotated[int, Field(ge=1, le=999)]


class SellableSku(Frozen):
    """Everything an order needs to know of a SKU at one moment, read in one round trip.

    It may be sold only if `is_published`; a SKU without a price in force is reported as absent, never as free.
    `title` is the product's, `options` its variant in words (`Red / M`, empty for a single variant). `category_ids`
    holds the category and all its ancestors, root first. `version` is the product's: it grows with every edit.
    """

    sku_id: SkuId
    spu_id: SpuId
    merchant_id: MerchantId
    title: str
    options: str
    image_url: str | None
    price: Money
    weight_g: int
    is_published: bool
    category_ids: tuple[CategoryId, ...]
    brand_id: BrandId | None
    max_per_order: int
    version: int


class Merchant(Frozen):
    """A seller on the shop, and where it is."""

    merchant_id: MerchantId
    code: Code
    name: Label
    city: Label
    region: Label
    """Province or state."""
    version: int


class Brand(Frozen):
    """A maker's name on products."""

    brand_id: BrandId
    code: Code
    name: Label
    version: int


class AttributeDefinition(Frozen):
    """What products of a category (and of those below it) may or must say about themselves."""

    code: Code
    label: Label
    kind: Literal["text", "number", "enum"]
    choices: tuple[Label, ...] = ()
    """The values allowed for kind `enum`; empty for the others."""
    unit: Annotated[str, StringConstraints(max_length=20, pattern=_NO_NUL)] = ""
    required: bool = False


class Category(Frozen):
    """A node of the category tree. `path` runs from the root to this node, itself included."""

    category_id: CategoryId
    parent_id: CategoryId | None
    code: Code
    name: Label
    position: int
    path: tuple[CategoryId, ...]
    attributes: tuple[AttributeDefinition, ...]
    """Defined here; those of the ancestors apply too."""
    version: int


class Media(Frozen):
    """A picture, re-encoded and stripped of metadata; the addresses never change what they show."""

    media_id: MediaId
    url: str
    """At most 1200 pixels a side."""
    small_url: str
    """At most 320 pixels a side."""
    width: int
    height: int


class Publication(Frozen):
    """When a product is shown: from `since` (inclusive) until `until` (exclusive). No `since` means never."""

    since: Instant | None = None
    until: Instant | None = None


class Sku(Frozen):
    """One variant of a product. `price` is the one in force, or None: then it cannot be sold."""

    sku_id: SkuId
    code: Code
    options: Options
    barcode: str | None
    weight_g: int
    max_per_order: int
    listed: bool
    """Offered while its product is published."""
    image: Media | None
    price: Money | None


class Product(Frozen):
    """An SPU with its SKUs, as the shop keeps it."""

    spu_id: SpuId
    merchant_id: MerchantId
    code: Code
    title: Title
    description: str
    category_id: CategoryId
    brand_id: BrandId | None
    attributes: Attributes
    publication: Publication
    is_published: bool
    media: tuple[Media, ...]
    skus: tuple[Sku, ...]
    version: int


class Showing(Frozen):
    """What buyers see of a product; `product` None: nothing, for it is not published. `until`: a price or the publication is
    scheduled to change then."""

    product: Product | None
    until: Instant | None


class ProductCard(Frozen):
    """A product in a list: enough to draw it and to decide whether to open it."""

    spu_id: SpuId
    merchant_id: MerchantId
    title: str
    category_id: CategoryId
    brand_id: BrandId | None
    image_url: str | None
    price_from: Money
    """The lowest price in force among its listed SKUs."""


class ProductFilter(Frozen):
    """What a list of products is narrowed to; every part that is given must hold."""

    category_id: CategoryId | None = None
    """This category or any below it."""
    brand_id: BrandId | None = None
    merchant_id: MerchantId | None = None
    text: Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)] | None = None
    """Contained in the title, whatever the case."""


class PricePoint(Frozen):
    """A decision about a price; the newest one whose `effective_at` has come is in force."""

    price: Money
    effective_at: Instant
    decided_at: Instant
    decided_by: str
    """A user id, or the name of the process that decided (`import`, `demo`)."""


class CatalogueChange(Frozen):
    """What one edit changed. The seam for CatalogSync: whoever called the store knows what must be told to others."""

    kind: Literal[
        "product_created",
        "product_changed",
        "product_published",
        "product_unpublished",
        "sku_created",
        "sku_changed",
        "price_changed",
    ]
    spu_id: SpuId
    sku_id: SkuId | None = None
    effective_at: Instant
    """When buyers see it: the time of the edit, or the time it is scheduled for."""


class Edited(Frozen):
    """A product after an edit, and what the edit changed; no changes means it already was so."""

    product: Product
    changes: tuple[CatalogueChange, ...]


class ProductDraft(Frozen):
    """What an operator says about a product; its code and merchant never change, so they are not part of it."""

    title: Title
    description: Description = ""
    category_id: CategoryId
    brand_id: BrandId | None = None
    attributes: Attributes = Field(default_factory=dict, max_length=100)


class SkuDraft(Frozen):
    """What an operator says about a SKU; its code never changes, so it is not part of it."""

    options: Annotated[Options, Field(max_length=5)] = Field(default_factory=dict)
    barcode: str | None = None
    weight_g: Weight
    max_per_order: MaxPerOrder = 999
    listed: bool = True
    image_id: MediaId | None = None
