"""A browser's log-in: the access token goes to the page, the refresh token into a cookie that no script can read.

The cookie is sent only to these routes, from pages of this origin. Storefront and console have one each, so an operator may
be logged in to both with two accounts. See docs/decisions/0008-web.md.
"""

from typing import Literal, Self
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from api.edge.wired import Wired
from api.users import entry
from api.users.schemas import LoginRequest, RefreshRequest, Registration, Tokens
from hanse.settings import Settings
from models.shared import Frozen
from models.shared.ids import UserId
from models.users.errors import NotAuthenticated

Audience = Literal["shop", "console"]


class PageSession(Frozen):
    """What a page may know of its session: it keeps the access token in memory only."""

    access_token: str
    expires_in: int
    """Seconds."""
    user_id: UserId

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        """The tokens without the one that lasts."""
        return cls(**{name: getattr(tokens, name) for name in cls.model_fields})


class SessionCookie:
    """Where a browser keeps its refresh token."""

    def __init__(self, settings: Settings) -> None:
        shop = urlsplit(settings.api_url)
        self._secure = shop.scheme == "https"
        self._port = shop.port or 0  # cookies know no ports: two shops on one machine need two names
        self._seconds = int(settings.refresh_token_lifetime.total_seconds())

    def name(self, audience: Audience) -> str:
        """What it is called."""
        return f"hanse_{audience}_{self._port}"

    def keep(self, response: Response, audience: Audience, refresh_token: str) -> None:
        """Set it, as long as the token lasts."""
        response.set_cookie(
            self.name(audience),
            refresh_token,
            max_age=self._seconds,
            path=f"/web/{audience}/session",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def drop(self, response: Response, audience: Audience) -> None:
        """Remove it."""
        response.delete_cookie(self.name(audience), path=f"/web/{audience}/session")


async def _from_our_pages(request: Request) -> None:
    """SameSite lets other ports of this host through; browsers say where a request comes from."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise NotAuthenticated("A browser's session is for the pages of this shop only.")


def router(settings: Settings) -> APIRouter:
    """Routes of a browser's session."""
    cookie = SessionCookie(settings)
    routes = APIRouter(
        prefix="/web/{audience}/session", include_in_schema=False, dependencies=[Depends(_from_our_pages)]
    )

    @routes.post("")
    async def log_in(
        audience: Audience, ask: LoginRequest, request: Request, response: Response, shop: Wired
    ) -> PageSession:
        """Log in, as POST /v1/users/login does."""
        tokens = await entry.log_in(ask, request, response, shop)
        cookie.keep(response, audience, tokens.refresh_token)
        return PageSession.of(tokens)

    @routes.post("/registration", status_code=201)
    async def register(
        audience: Audience, ask: Registration, request: Request, response: Response, shop: Wired
    ) -> PageSession:
        """Register, as POST /v1/users/register does."""
        tokens = await entry.register(ask, request, response, shop)
        cookie.keep(response, audience, tokens.refresh_token)
        return PageSession.of(tokens)

    @routes.post("/renewal", response_model=PageSession | None)
    async def renew(audience: Audience, request: Request, response: Response, shop: Wired) -> PageSession | None:
        """A new access token; null for a browser that is not logged in."""
        kept = request.cookies.get(cookie.name(audience))
        if not kept or len(kept) > 200:
            return None
        tokens = await entry.refresh(RefreshRequest(refresh_token=SecretStr(kept)), response, shop)
        cookie.keep(response, audience, tokens.refresh_token)
        return PageSession.of(tokens)

    @routes.delete("", status_code=204)
    async def forget(audience: Audience, response: Response) -> None:
        """Forget the refresh token. Ending the session itself is DELETE /v1/sessions/current."""
        cookie.drop(response, audience)

    return routes
