"""No body is read beyond its path's limit (OWASP API4: unrestricted resource consumption)."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.problems import problem_of
from api.edge.refusals import BodyTooLarge


class BodyLimit:
    """Answers 413 to a body above the limit, whether its length is declared or only found while reading."""

    def __init__(self, app: ASGIApp, limit: int, larger: Sequence[tuple[str, int]] = ()) -> None:
        """`larger` names path prefixes with a limit of their own."""
        self._app = app
        self._limit = limit
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        limit = next((size for prefix, size in self._larger if path.startswith(prefix)), self._limit)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await problem_of(_too_large(path, limit))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(path, limit)
            return message

        await self._app(scope, counted, send)


def _too_large(path: str, limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"A body for {path[:80]} may have at most {limit:,} bytes; send less at a time.", limit=limit)
