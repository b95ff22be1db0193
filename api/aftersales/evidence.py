"""Pictures that show what is wrong."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile

from api.aftersales.schemas import EvidenceView
from api.aftersales.seeing import visible_case, visible_evidence
from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from hanse.pictures import MAX_BYTES
from models.aftersales.errors import EvidenceFull, EvidenceRefused
from models.shared.ids import AftersaleId, EvidenceId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1", tags=["aftersales"])
_ONE = (NotAuthenticated, NotFound)


@router.post(
    "/aftersale-evidence",
    status_code=201,
    summary="Upload evidence",
    responses=refusals(NotAuthenticated, EvidenceRefused, EvidenceFull),
)
async def upload(file: UploadFile, who: CurrentUser, shop: Wired) -> EvidenceView:
    """JPEG, PNG, WebP or GIF of at most 5 MB and 6000 pixels a side; what the bytes are decides. Kept as WebP in two sizes,
    without its metadata. Only you and the shop's service see it. Name it in your application."""
    now = shop.clock()
    evidence_id = EvidenceId.mint(now, secrets.token_bytes(10))
    return EvidenceView.of(await shop.evidence.keep(await file.read(MAX_BYTES + 1), evidence_id, who.user_id, now))


@router.get(
    "/aftersale-evidence/{evidence_id}",
    summary="A picture of evidence",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **refusals(*_ONE)},
)
async def show(
    evidence_id: EvidenceId,
    who: CurrentUser,
    shop: Wired,
    small: Annotated[bool, Query(description="320 pixels instead of 1200.")] = False,
) -> Response:
    """The bytes, for who uploaded it and for operators of service."""
    picture = await visible_evidence(shop, evidence_id, who)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(await shop.evidence.read(picture, small=small), media_type="image/webp", headers=headers)


@router.get("/aftersales/{aftersale_id}/evidence", summary="Evidence of an after-sale", responses=refusals(*_ONE))
async def list_evidence(aftersale_id: AftersaleId, who: CurrentUser, shop: Wired) -> list[EvidenceView]:
    """The pictures of a case, as they were uploaded."""
    await visible_case(shop, aftersale_id, who)
    return [EvidenceView.of(picture) for picture in await shop.evidence.of_case(aftersale_id)]
