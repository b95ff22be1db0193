"""No text with the character NUL comes in: PostgreSQL cannot keep one, so it would fail deep inside, perhaps in a process that
tries again for ever. Everything else that Unicode has is welcome.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.problems import problem_of
from api.edge.refusals import BodyMalformed
from models.shared.refusals import InvalidRequest

_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON writes it: behind an even number of backslashes, which write themselves."""
_AS_IT_IS = ("multipart/form-data", "text/csv", "image/")
"""Kinds of bodies in which those six letters are six letters."""


class NoNul:
    """Refuses a path, a query or a JSON body with NUL in it, wherever it stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            refused = InvalidRequest(
                "The address has the character NUL in it, which nothing here is called.", field="url"
            )
            await problem_of(refused)(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") or _kind_of(scope).startswith(_AS_IT_IS):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, _watched(receive), send)


def _kind_of(scope: Scope) -> str:
    named = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return str(named.decode("latin-1").strip().lower())


def _watched(receive: Receive) -> Receive:
    """The same body, refused where NUL is written in it, also across its parts."""
    begun = b""

    async def watched() -> Message:
        nonlocal begun
        message = await receive()
        part = begun + message.get("body", b"")
        if _ESCAPED.search(part):
            raise BodyMalformed("A text in the body has the character NUL (\\u0000) in it; send it without.")
        begun = _unfinished(part)
        return message

    return watched


def _unfinished(part: bytes) -> bytes:
    """The end of a part that may begin an escape: backslashes, and what of `u0000` follows them."""
    kept = len(part)
    for started in (b"u000", b"u00", b"u0", b"u"):
        if part.endswith(started):
            kept -= len(started)
            break
    backslashes = kept - len(part[:kept].rstrip(b"\\"))
    return part[kept - backslashes :] if backslashes else b""
