"""Pictures: operators upload them, everybody sees them."""

import secrets

from fastapi import APIRouter, Response, UploadFile

from api.edge.audit import Audit
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.products.editing import READ, CatalogueOperator
from hanse.pictures import MAX_BYTES
from models.products.errors import MediaRefused, MediaUnknown
from models.products.types import Media
from models.shared.ids import MediaId

router = APIRouter(tags=["catalogue"])


@router.post(
    "/v1/catalogue/media", status_code=201, summary="Upload a picture", responses=refusals(*READ, MediaRefused)
)
async def upload_picture(file: UploadFile, who: CatalogueOperator, shop: Wired, trail: Audit) -> Media:
    """JPEG, PNG, WebP or GIF of at most 5 MB and 6000 pixels a side. Kept as WebP in two sizes, without its metadata.

    What the bytes are decides, not the name or the declared type. The same picture again gives the same answer.
    """
    now = shop.clock()
    media_id = MediaId.mint(now, secrets.token_bytes(10))
    async with trail.action(who, "catalogue.upload_picture", media_id):
        return await shop.media.keep(await file.read(MAX_BYTES + 1), media_id, now)


@router.get(
    "/media/{name}",
    summary="A picture",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **refusals(MediaUnknown)},
)
async def show_picture(name: str, shop: Wired) -> Response:
    """The bytes of a picture. What an address shows never changes, so it may be cached for ever."""
    content = await shop.media.read(name)
    if content is None:
        raise MediaUnknown(f"There is no picture {name[:80]}.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="image/webp", headers=headers)
