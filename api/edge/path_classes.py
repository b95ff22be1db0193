"""Which requests share a limit, and how many are taken of each."""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["address", "user", "all"]


@dataclass(frozen=True)
class PathClass:
    """Requests that are limited alike. `quotas`: by kind of caller, `requests/seconds`; a kind that is not there is not limited."""

    name: str
    quotas: dict[Kind, str] = field(hash=False)
    closed_without_redis: bool = False


CODES = PathClass("codes", {"address": "10/600", "all": "100/1"}, closed_without_redis=True)
"""Each sends a message that costs money."""
LOG_IN = PathClass("log_in", {"address": "60/600", "all": "200/1"}, closed_without_redis=True)
"""Each costs 30 ms of a processor and may be a guess. An account's own delays and lock-out come on top."""
FLASH = PathClass("flash", {"address": "30/10", "user": "10/10", "all": "20000/1"})
"""Hot paths have limits of their own, so a flash sale leaves ordinary traffic its share."""
WRITES = PathClass("writes", {"address": "600/60", "user": "120/60"})
READS = PathClass("reads", {"address": "3000/60", "user": "1200/60"})
CLASSES = (CODES, LOG_IN, FLASH, WRITES, READS)

_EXEMPT = re.compile(
    r"/(healthz|readyz|metrics|docs|redoc|openapi\.json|asyncapi\.json)"
    r"|/(v1/)?(payments|payment-channels)/[^/]+/callbacks|/v1/carriers/[^/]+/tracking|/codec/.*"
)
_CODES = frozenset({"/v1/verification-codes"})
_LOG_IN = re.compile(
    r"/v1/users/(login|register|password-reset|me/(password|contact|second-factor(/removal)?))|/web/[a-z]+/session"
)
"""A renewal is no guess: it takes an unguessable token, costs no hash, and every page load does one; it counts as a write."""


def class_of(method: str, path: str) -> PathClass | None:
    """The class of a request; None for one that is not limited."""
    if _EXEMPT.fullmatch(path) or method == "OPTIONS":
        return None
    if path.startswith(("/v1/flash-sales", "/flash-sales")):
        return FLASH
    if method in ("GET", "HEAD"):
        return READS
    if path in _CODES:
        return CODES
    return LOG_IN if _LOG_IN.fullmatch(path) else WRITES
