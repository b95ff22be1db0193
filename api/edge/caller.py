"""Who a request is from, as one string that scopes idempotency keys and limits."""

from fastapi import Request

from api.edge.identity import identify
from models.users.errors import NotAuthenticated


async def caller_of(request: Request) -> str:
    """`user:<id>` for a good access token of a live session, else `address:<ip>`.

    An invalid token counts as no token: it never borrows a user's scope.
    """
    try:
        identity = await identify(request)
    except NotAuthenticated:
        identity = None
    if identity is not None:
        return f"user:{identity.user_id}"
    host = request.client.host if request.client else "unknown"
    return f"address:{host}"
