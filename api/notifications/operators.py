"""What someone was told, for who talks to them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.notifications.types import Notice
from models.shared.ids import UserId
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

router = APIRouter(prefix="/v1/operators/notices", tags=["operators"])
ServiceOperator = Annotated[Identity, operator("service")]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment


@router.get(
    "/{user_id}",
    summary="What someone was told",
    responses=refusals(NotAuthenticated, PermissionMissing, InvalidRequest),
)
async def list_notices(
    user_id: UserId, _who: ServiceOperator, shop: Wired, limit: Limit = 20, cursor: Cursor = None
) -> Page[Notice]:
    """Newest first: which event it was about, in which language, to their e-mail or phone. The texts are not kept."""
    found = await shop.notices.sent_to(user_id, limit=limit + 1, before=read_cursor(cursor, _moment))
    return page(found, limit, lambda notice: notice.at.isoformat(), lambda notice: notice)
