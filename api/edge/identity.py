"""Who a request is from: `CurrentUser`, `MaybeUser` and `operator(…)` for every router.

    async def show(order_id: OrderId, who: CurrentUser, shop: Wired) -> OrderView: ...
    async def ship(who: Annotated[Identity, operator("stock")], shop: Wired) -> None: ...

The access token says who; whether its session goes on is asked from Redis, and from PostgreSQL when Redis does not know.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from api.edge.problems import may_refuse
from api.wiring import Services
from hanse.context import bind
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity, Permission

_scheme = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="access_token",
    description="The `access_token` of a log-in; good for minutes, renewed with the refresh token.",
)


async def identify(request: Request) -> Identity | None:
    """Whose request this is; None without an Authorization header. Asked once a request, however many parts want to know.

    Refuses with `NotAuthenticated` when the header is there but no good.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    known: Identity | None = getattr(request.state, "identity", None)
    if known is None:
        known = request.state.identity = await _authenticate(request.app.state.services, header)
        bind(user_id=known.user_id)
    return known


async def _authenticate(shop: Services, header: str) -> Identity:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("Send the access token as `Authorization: Bearer <token>`.")
    now = shop.clock()
    identity = shop.access_tokens.read(token.strip(), now)
    if not await shop.users.sessions.is_live(identity.session_id, now):
        raise NotAuthenticated("This session has ended; log in again.")
    return identity


@may_refuse(NotAuthenticated)
async def current_user(request: Request, _documented: Annotated[Any, Depends(_scheme)]) -> Identity:
    """Behind `CurrentUser`."""
    identity = await identify(request)
    if identity is None:
        raise NotAuthenticated("Log in and send the access token as `Authorization: Bearer <token>`.")
    return identity


@may_refuse(NotAuthenticated)
async def maybe_user(request: Request, _documented: Annotated[Any, Depends(_scheme)]) -> Identity | None:
    """Behind `MaybeUser`."""
    return await identify(request)


CurrentUser = Annotated[Identity, Depends(current_user)]
"""The person who is logged in; 401 without one."""

MaybeUser = Annotated[Identity | None, Depends(maybe_user)]
"""The person who is logged in, or None; 401 for a token that is no good."""


def operator(*permissions: str) -> Any:
    """A dependency on an operator who has one of these permissions: 401 without a log-in, 403 without the permission."""
    wanted = frozenset(Permission(name) for name in permissions)

    @may_refuse(PermissionMissing)
    async def allowed(who: CurrentUser) -> Identity:
        if not wanted & who.permissions:
            names = sorted(permission.value for permission in wanted)
            raise PermissionMissing(f"This takes the permission {' or '.join(names)}.", permission=names[0])
        return who

    allowed.__permissions__ = wanted  # type: ignore[attr-defined] # a mark on a function, as `may_refuse` leaves one
    return Depends(allowed)


def permissions_of(dependency: object) -> frozenset[Permission]:
    """The permissions of which `operator` wants one here; none of any other dependency."""
    found: frozenset[Permission] = getattr(dependency, "__permissions__", frozenset())
    return found
