"""What one batch of an import changes, worked out without a database: from what is there and what the lines say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.products.errors import AttributesInvalid
from models.products.lines import ImportLine, LineFault, NumberedLine, fault, typed_attributes
from models.products.rules import check_attributes, is_published, options_key, options_text, publish, unpublish
from models.products.types import AttributeDefinition, Attributes, CatalogueChange, Publication
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId


@dataclass(frozen=True)
class CategoryFacts:
    """A category as an import needs it: its id and every attribute that holds for it."""

    category_id: CategoryId
    definitions: Mapping[str, AttributeDefinition]


@dataclass(frozen=True)
class SpuState:
    """A product without its SKUs."""

    spu_id: SpuId
    merchant_id: MerchantId
    code: str
    title: str
    description: str
    category_id: CategoryId
    brand_id: BrandId | None
    attributes: Attributes
    publication: Publication


@dataclass(frozen=True)
class SkuState:
    """A SKU without its price."""

    sku_id: SkuId
    spu_id: SpuId
    merchant_id: MerchantId
    code: str
    options: dict[str, str]
    barcode: str | None
    weight_g: int
    max_per_order: int
    listed: bool


@dataclass
class Shelf:
    """What is there already, of everything that a batch names. The plan works on it as if each line were done at once."""

    merchants: Mapping[str, MerchantId]
    categories: Mapping[str, CategoryFacts]
    brands: Mapping[str, BrandId]
    spus: dict[tuple[MerchantId, str], SpuState]
    skus: dict[tuple[MerchantId, str], SkuState]
    prices: dict[SkuId, Money]
    options: dict[tuple[SpuId, str], SkuId] = field(default_factory=dict)
    """Which SKU of a product holds which combination."""

    def __post_init__(self) -> None:
        self.options = {(sku.spu_id, options_key(sku.options)): sku.sku_id for sku in self.skus.values()}


@dataclass
class Plan:
    """What to write: whole new states by id, prices to append, the faults of lines that cannot be done."""

    new_spus: dict[SpuId, SpuState] = field(default_factory=dict)
    changed_spus: dict[SpuId, SpuState] = field(default_factory=dict)
    new_skus: dict[SkuId, SkuState] = field(default_factory=dict)
    changed_skus: dict[SkuId, SkuState] = field(default_factory=dict)
    prices: dict[SkuId, Money] = field(default_factory=dict)
    touched: set[SpuId] = field(default_factory=set)
    """Products that existed and get a new version."""
    changes: list[CatalogueChange] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    unchanged: int = 0


def plan_batch(lines: Sequence[NumberedLine], shelf: Shelf, now: datetime) -> Plan:
    """Compare each line with what is there; a line that cannot be done is a fault and changes nothing."""
    plan = Plan()
    for numbered in lines:
        faults = _faults(numbered, shelf)
        if faults:
            plan.faults.extend(faults)
        else:
            _plan_line(numbered.value, shelf, plan, now)
    return plan


def _faults(numbered: NumberedLine, shelf: Shelf) -> list[LineFault]:
    line, value = numbered.line, numbered.value
    merchant = shelf.merchants.get(value.merchant_code)
    category = shelf.categories.get(value.category_code)
    faults = []
    if merchant is None:
        faults.append(fault(line, "merchant_code", f"there is no merchant {value.merchant_code}"))
    if value.brand_code and value.brand_code not in shelf.brands:
        faults.append(fault(line, "brand_code", f"there is no brand {value.brand_code}"))
    if category is None:
        faults.append(fault(line, "category_code", f"there is no category {value.category_code}"))
    else:
        try:
            check_attributes(category.definitions.values(), typed_attributes(category.definitions, value.attributes))
        except AttributesInvalid as refusal:
            faults.append(fault(line, "attributes", refusal.detail))
    return faults if merchant is None else faults + _clashes(line, value, merchant, shelf)


def _clashes(line: int, value: ImportLine, merchant: MerchantId, shelf: Shelf) -> list[LineFault]:
    sku = shelf.skus.get((merchant, value.sku_code))
    spu = shelf.spus.get((merchant, value.spu_code))
    if sku is not None and (spu is None or sku.spu_id != spu.spu_id):
        to_do = "Give the product that the SKU belongs to, or choose another SKU code."
        return [fault(line, "sku_code", f"{value.sku_code} belongs to another product of the merchant", to_do)]
    holder = None if spu is None else shelf.options.get((spu.spu_id, options_key(value.options)))
    if holder is not None and (sku is None or holder != sku.sku_id):
        wrong = f"another SKU of the product has the options {options_text(value.options) or '(none)'}"
        return [fault(line, "options", wrong, "Change the options of one of them.")]
    return []


def _plan_line(value: ImportLine, shelf: Shelf, plan: Plan, now: datetime) -> None:
    before = len(plan.changes)
    merchant = shelf.merchants[value.merchant_code]
    spu_id = _plan_spu(value, merchant, shelf, plan, now)
    sku_id = _plan_sku(value, merchant, spu_id, shelf, plan, now)
    price = value.money
    if price is not None and shelf.prices.get(sku_id) != price:
        shelf.prices[sku_id] = plan.prices[sku_id] = price
        plan.changes.append(CatalogueChange(kind="price_changed", spu_id=spu_id, sku_id=sku_id, effective_at=now))
    if len(plan.changes) == before:
        plan.unchanged += 1
    elif spu_id not in plan.new_spus:
        plan.touched.add(spu_id)


def _plan_spu(value: ImportLine, merchant: MerchantId, shelf: Shelf, plan: Plan, now: datetime) -> SpuId:
    key = (merchant, value.spu_code)
    old = shelf.spus.get(key)
    category = shelf.categories[value.category_code]
    spu_id = old.spu_id if old else SpuId.derive(now, merchant, value.spu_code)
    window = old.publication if old else Publication()
    new = SpuState(
        spu_id=spu_id,
        merchant_id=merchant,
        code=value.spu_code,
        title=value.title,
        description=value.description,
        category_id=category.category_id,
        brand_id=shelf.brands[value.brand_code] if value.brand_code else None,
        attributes=typed_attributes(category.definitions, value.attributes),
        publication=_publication(window, value.published, now),
    )
    if new != old:
        shelf.spus[key] = new
        fresh = old is None or spu_id in plan.new_spus
        (plan.new_spus if fresh else plan.changed_spus)[spu_id] = new
        plan.changes.append(
            CatalogueChange(kind="product_created" if fresh else "product_changed", spu_id=spu_id, effective_at=now)
        )
        if is_published(new.publication, now) != is_published(window, now):
            shown = is_published(new.publication, now)
            kind = "product_published" if shown else "product_unpublished"
            plan.changes.append(CatalogueChange(kind=kind, spu_id=spu_id, effective_at=now))
    return spu_id


def _publication(window: Publication, published: bool | None, now: datetime) -> Publication:
    if published is None:
        return window
    return publish(window, now, now) if published else unpublish(window, now, now)


def _plan_sku(value: ImportLine, merchant: MerchantId, spu_id: SpuId, shelf: Shelf, plan: Plan, now: datetime) -> SkuId:
    key = (merchant, value.sku_code)
    old = shelf.skus.get(key)
    new = SkuState(
        sku_id=old.sku_id if old else SkuId.derive(now, merchant, value.sku_code),
        spu_id=spu_id,
        merchant_id=merchant,
        code=value.sku_code,
        options=value.options,
        barcode=value.barcode,
        weight_g=value.weight_g,
        max_per_order=value.max_per_order,
        listed=value.listed,
    )
    if new != old:
        if old is not None:
            shelf.options.pop((spu_id, options_key(old.options)), None)
        shelf.skus[key] = new
        shelf.options[spu_id, options_key(new.options)] = new.sku_id
        (plan.changed_skus if old else plan.new_skus)[new.sku_id] = new
        kind = "sku_changed" if old else "sku_created"
        plan.changes.append(CatalogueChange(kind=kind, spu_id=spu_id, sku_id=new.sku_id, effective_at=now))
    return new.sku_id
