"""Operators change merchants, brands and the category tree. Reading them is public (`showing.py`)."""

import secrets

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.followed import followed
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, set_etag
from api.edge.wired import Wired
from api.products.editing import EDIT, READ, CatalogueOperator
from api.products.schemas import (
    BrandRequest,
    CategoryRequest,
    MerchantRequest,
    MoveRequest,
    NewBrand,
    NewCategory,
    NewMerchant,
)
from models.products.errors import (
    BrandUnknown,
    CategoryCycle,
    CategoryNotEmpty,
    CategoryTooDeep,
    CategoryUnknown,
    CodeTaken,
    MerchantUnknown,
)
from models.products.types import Brand, Category, Merchant
from models.search.messages import Scope
from models.shared.ids import BrandId, CategoryId, MerchantId

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])


@router.post("/merchants", status_code=201, summary="Add a merchant", responses=refusals(*READ, CodeTaken))
async def create_merchant(
    ask: NewMerchant, who: CatalogueOperator, response: Response, shop: Wired, trail: Audit
) -> Merchant:
    """A new merchant. The code is unique, so a repeated request makes no second."""
    merchant_id = MerchantId.mint(shop.clock(), secrets.token_bytes(10))
    async with trail.action(who, "catalogue.create_merchant", merchant_id, code=ask.code):
        created = await shop.taxonomy.create_merchant(Merchant(merchant_id=merchant_id, version=1, **ask.model_dump()))
    await shop.shelf.taxonomy_changed()
    set_etag(response, created.version)
    return created


@router.put("/merchants/{merchant_id}", summary="Change a merchant", responses=refusals(*EDIT, MerchantUnknown))
async def change_merchant(
    merchant_id: MerchantId,
    ask: MerchantRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Merchant:
    """Set a merchant's name and place; If-Match is its `version`."""
    note = trail.action(who, "catalogue.change_merchant", merchant_id)
    async with note, followed(shop, Scope(merchant_id=merchant_id)):
        changed = await shop.taxonomy.change_merchant(merchant_id, version, ask.name, city=ask.city, region=ask.region)
    set_etag(response, changed.version)
    return changed


@router.post("/brands", status_code=201, summary="Add a brand", responses=refusals(*READ, CodeTaken))
async def create_brand(ask: NewBrand, who: CatalogueOperator, response: Response, shop: Wired, trail: Audit) -> Brand:
    """A new brand. The code is unique, so a repeated request makes no second."""
    brand_id = BrandId.mint(shop.clock(), secrets.token_bytes(10))
    async with trail.action(who, "catalogue.create_brand", brand_id, code=ask.code):
        created = await shop.taxonomy.create_brand(Brand(brand_id=brand_id, version=1, **ask.model_dump()))
    await shop.shelf.taxonomy_changed()
    set_etag(response, created.version)
    return created


@router.put("/brands/{brand_id}", summary="Rename a brand", responses=refusals(*EDIT, BrandUnknown))
async def change_brand(
    brand_id: BrandId,
    ask: BrandRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Brand:
    """Set a brand's name; If-Match is its `version`."""
    note = trail.action(who, "catalogue.change_brand", brand_id)
    async with note, followed(shop, Scope(brand_id=brand_id)):
        changed = await shop.taxonomy.change_brand(brand_id, version, ask.name)
    set_etag(response, changed.version)
    return changed


@router.post(
    "/categories",
    status_code=201,
    summary="Add a category",
    responses=refusals(*READ, CategoryUnknown, CategoryTooDeep, CodeTaken),
)
async def create_category(
    ask: NewCategory, who: CatalogueOperator, response: Response, shop: Wired, trail: Audit
) -> Category:
    """A new category below `parent_id`, or a root. Attributes defined here hold for everything below it too."""
    category_id = CategoryId.mint(shop.clock(), secrets.token_bytes(10))
    async with trail.action(who, "catalogue.create_category", category_id, code=ask.code):
        created = await shop.taxonomy.create_category(
            category_id,
            code=ask.code,
            name=ask.name,
            parent_id=ask.parent_id,
            position=ask.position,
            attributes=ask.attributes,
        )
    await shop.shelf.taxonomy_changed()
    set_etag(response, created.version)
    return created


@router.put("/categories/{category_id}", summary="Change a category", responses=refusals(*EDIT, CategoryUnknown))
async def change_category(
    category_id: CategoryId,
    ask: CategoryRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Category:
    """Set name, position and attributes. Products are held against new attributes when they are next edited."""
    note = trail.action(who, "catalogue.change_category", category_id)
    async with note, followed(shop, Scope(category_id=category_id)):
        changed = await shop.taxonomy.change_category(
            category_id, version, name=ask.name, position=ask.position, attributes=ask.attributes
        )
    set_etag(response, changed.version)
    return changed


@router.put(
    "/categories/{category_id}/parent",
    summary="Move a category",
    responses=refusals(*EDIT, CategoryUnknown, CategoryCycle, CategoryTooDeep),
)
async def move_category(
    category_id: CategoryId,
    ask: MoveRequest,
    version: ExpectedVersion,
    who: CatalogueOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Category:
    """Hang a category, with everything below it, under another parent or among the roots."""
    note = trail.action(who, "catalogue.move_category", category_id, parent_id=ask.parent_id)
    async with note, followed(shop, Scope(category_id=category_id)):
        moved = await shop.taxonomy.move_category(category_id, version, ask.parent_id)
    set_etag(response, moved.version)
    return moved


@router.delete(
    "/categories/{category_id}",
    status_code=204,
    summary="Delete an empty category",
    responses=refusals(*EDIT, CategoryUnknown, CategoryNotEmpty),
)
async def delete_category(
    category_id: CategoryId, version: ExpectedVersion, who: CatalogueOperator, shop: Wired, trail: Audit
) -> None:
    """Delete a category that has neither products nor categories below it."""
    async with trail.action(who, "catalogue.delete_category", category_id):
        await shop.taxonomy.delete_category(category_id, version)
    await shop.shelf.taxonomy_changed()
