"""Refusals: the business says no.

A refusal is a value with a stable code, raised so that the transaction around it rolls back. It is typed, expected, shown
to the person who asked, and never retried. A fault (a broken connection, a bug) is any other exception; it is retried or
alarmed. The two never mix. No refusal knows HTTP: `api/errors.py` maps codes to statuses.
"""

from typing import Any, ClassVar


class Refusal(Exception):
    """The business says no. A subclass per refusal, named for what happened, with its `code` and constant `title`.

    `detail` is one sentence for the person who asked: what happened, to what, what to do next.
    `fields` are the facts a program may use; JSON values only.
    """

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields: dict[str, Any] = fields

    @staticmethod
    def all_codes() -> dict[str, type["Refusal"]]:
        """Every refusal that is loaded, by code; two with one code are a mistake in code."""
        found: dict[str, type[Refusal]] = {}
        waiting = list(Refusal.__subclasses__())
        while waiting:
            kind = waiting.pop()
            waiting.extend(kind.__subclasses__())
            if kind.code in found:
                raise TypeError(f"{kind.__name__} and {found[kind.code].__name__} share the code {kind.code}")
            found[kind.code] = kind
        return found


class NotFound(Refusal):
    """Nothing by that id, or nothing that this caller may see: the two answer alike."""

    code = "not_found"
    title = "Not found"


class StaleVersion(Refusal):
    """Someone else changed it first; read it again and decide anew."""

    code = "stale_version"
    title = "Changed by someone else"


class InvalidRequest(Refusal):
    """The request is well formed but asks for something that makes no sense; the detail says what."""

    code = "invalid_request"
    title = "The request makes no sense"
