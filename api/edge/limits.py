"""How often one may ask (R1.3): by address, by user, by class of path, and the whole shop together.

Every answer says how its limits stand (`RateLimit`, `RateLimit-Policy`: draft-ietf-httpapi-ratelimit-headers); a refused one
also when to come again (`Retry-After`). Health, metrics, the callbacks of payment channels and the pushes of carriers are not
limited: who asks them is no buyer, and a channel that is refused tells us later what we want to know now.

When Redis is silent nobody knows how often somebody asked. Reads and orders go on: the shop would rather be flooded than
closed. Log-ins and codes do not: there the limit is what keeps guessing and paid messages in bounds.
"""

import ipaddress
import logging
from collections.abc import Iterable, Iterator
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.buckets import Bucket, Buckets, Level, Taken
from api.edge.path_classes import CLASSES, PathClass, class_of
from api.edge.problems import problem_of
from api.edge.refusals import LimitsUnknown, RateLimited
from api.wiring import Services
from hanse.settings import Settings
from models.users.errors import NotAuthenticated

__all__ = ["CLASSES", "Limits", "LimitsUnknown", "PathClass", "RateLimited", "class_of"]

_log = logging.getLogger(__name__)
_DEVELOPMENT_SCALE: Final = 1_000.0
"""Outside production everything comes from one address: tests, benchmarks and replays are not to meet a limit by accident."""


class Limits:
    """Takes a request from its buckets before anything else is done for it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._quotas = quotas_of(settings)
        self._buckets: Buckets | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path_class = class_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if path_class is None:
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        if self._buckets is None:
            self._buckets = Buckets(services.redis)
        buckets = list(self._concerned(path_class, Request(scope), services))
        taken = await self._buckets.take(buckets, must_know=path_class.closed_without_redis)
        if taken is None:
            if path_class.closed_without_redis:
                await _unknown()(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        elif taken.refused_by is not None:
            await _refused(taken.refused_by)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, taken))

    def _concerned(self, path_class: PathClass, request: Request, services: Services) -> Iterator[Bucket]:
        """The buckets of this request: its address's, its user's, everybody's."""
        user = _user_of(request, services)
        whose = {"address": network_of(request.client.host if request.client else ""), "user": user, "all": "all"}
        for policy, who in ((f"{path_class.name}_{kind}", who) for kind, who in whose.items()):
            if who is not None and policy in self._quotas:
                quota, window = self._quotas[policy]
                yield Bucket(f"limit:{policy}:{who}", policy, quota, window)
        quota, window = self._quotas["shop_all"]
        yield Bucket("limit:shop_all", "shop_all", quota, window)


def quotas_of(settings: Settings) -> dict[str, tuple[int, float]]:
    """Every policy with its quota and window: the table of `path_classes.py`, then `HANSE_RATE_LIMIT_QUOTAS` over it, then
    the scale."""
    table = {f"{cls.name}_{kind}": quota for cls in CLASSES for kind, quota in cls.quotas.items()}
    table["shop_all"] = "3000/1"
    unknown = settings.rate_limit_quotas.keys() - table.keys()
    if unknown:
        raise ValueError(f"HANSE_RATE_LIMIT_QUOTAS names {sorted(unknown)}; there are {sorted(table)}")
    table |= settings.rate_limit_quotas
    scale = settings.rate_limit_scale or (1.0 if settings.environment == "production" else _DEVELOPMENT_SCALE)
    parts = {policy: quota.split("/") for policy, quota in table.items()}
    return {policy: (max(1, int(int(count) * scale)), float(window)) for policy, (count, window) in parts.items()}


def network_of(address: str) -> str:
    """Who an address counts as: an IPv4 address itself, of IPv6 the /64 that one household or machine is given."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address or "unknown"
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ipaddress.IPv6Address(int(known) >> 64 << 64))


def _user_of(request: Request, services: Services) -> str | None:
    """The user whose good token this is, without asking whether the session still lives: the route does that."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return services.access_tokens.read(token.strip(), services.clock()).user_id
    except NotAuthenticated:
        return None


def _headers(shown: Iterable[Level]) -> dict[str, str]:
    return {
        "RateLimit-Policy": ", ".join(
            f'"{each.bucket.policy}";q={each.bucket.quota};w={each.bucket.window:g}' for each in shown
        ),
        "RateLimit": ", ".join(f'"{each.bucket.policy}";r={each.left};t={each.seconds}' for each in shown),
    }


def _with_headers(send: Send, taken: Taken) -> Send:
    """The whole shop's bucket is nobody's business."""
    named = _headers([level for level in taken.levels if level.bucket.policy != "shop_all"])

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(named)
        await send(message)

    return with_headers


def _refused(by: Level) -> Response:
    _log.info("rate limit %s refuses", by.bucket.policy)
    refusal = RateLimited(
        f"{by.bucket.quota} requests in {by.bucket.window:g} s are taken here; come again in {by.seconds} s.",
        retry_after=by.seconds,
        violated_policies=[by.bucket.policy],
    )
    answer = problem_of(refusal)
    answer.headers.update(_headers([by]))
    return answer


def _unknown() -> Response:
    return problem_of(LimitsUnknown("Log-ins and codes are closed for a moment; try again in a second.", retry_after=1))
