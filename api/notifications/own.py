"""How someone wants to be written to."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.notifications.types import Language, Preference
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/notification-preferences", tags=["users"])


@router.get("", summary="How you are written to", responses=refusals(NotAuthenticated))
async def show_preference(who: CurrentUser, shop: Wired) -> Preference:
    """The shop's own language until you choose one."""
    chosen = await shop.notices.languages([who.user_id])
    return Preference(language=chosen.get(who.user_id, Language(shop.settings.notice_language)))


@router.put("", summary="Choose how you are written to", responses=refusals(NotAuthenticated))
async def choose_preference(ask: Preference, who: CurrentUser, shop: Wired) -> Preference:
    """Notices are sent in this language from now on."""
    await shop.notices.prefer(who.user_id, ask.language, shop.clock())
    return ask
