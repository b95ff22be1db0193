"""Where one is logged in, and logging out."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.schemas import SessionsEnded, SessionView
from models.shared.ids import SessionId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated
from models.users.types import EndReason

router = APIRouter(prefix="/v1/sessions", tags=["users"])


@router.get("", summary="Your sessions", responses=refusals(NotAuthenticated))
async def list_sessions(who: CurrentUser, shop: Wired) -> list[SessionView]:
    """Every device you are logged in on, newest first."""
    return [SessionView.of(s, who.session_id) for s in await shop.users.sessions.of_user(who.user_id, shop.clock())]


@router.delete("/current", status_code=204, summary="Log out", responses=refusals(NotAuthenticated))
async def log_out(who: CurrentUser, shop: Wired) -> None:
    """End this session; its access token stops working at once."""
    await shop.users.sessions.end(who.user_id, who.session_id, EndReason.LOGGED_OUT, shop.clock())


@router.delete(
    "/{session_id}", status_code=204, summary="Revoke a session", responses=refusals(NotAuthenticated, NotFound)
)
async def revoke(session_id: SessionId, who: CurrentUser, shop: Wired) -> None:
    """End one of your sessions, on a lost phone say; its access token stops working at once."""
    await shop.users.sessions.end(who.user_id, session_id, EndReason.REVOKED, shop.clock())


@router.delete("", summary="Log out everywhere", responses=refusals(NotAuthenticated))
async def log_out_everywhere(who: CurrentUser, shop: Wired) -> SessionsEnded:
    """End all your sessions, this one too."""
    return SessionsEnded(ended=await shop.users.sessions.end_all(who.user_id, EndReason.LOGGED_OUT, shop.clock()))
