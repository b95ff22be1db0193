"""How Stripe's API is asked: a form, the secret key, an idempotency key for what moves something."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, ValidationError

from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.outside import TELLS_NOTHING, Outside
from channels.payment.stripe.account import API_VERSION, StripeAccount
from channels.payment.stripe.wire import Page, ProblemAnswer

_Answer = TypeVar("_Answer", bound=BaseModel)
_PAGE = 100
_MOST_PAGES = 1000


class StripeCalls:
    """Calls over TLS; Stripe signs events, not answers."""

    def __init__(self, account: StripeAccount, outside: Outside) -> None:
        self._account = account
        self._outside = outside

    async def ask(
        self,
        verb: Literal["GET", "POST"],
        path: str,
        answer: type[_Answer],
        fields: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> _Answer:
        """The answer, if it is one. ChannelRefused for Stripe's definitive no, ChannelUnavailable for everything unclear."""
        form = urlencode(fields or {})
        headers = {
            "Authorization": f"Bearer {self._account.secret_key}",
            "Stripe-Version": API_VERSION,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if key:
            headers["Idempotency-Key"] = key
        address, body = self._outside.url + path, b""
        if verb == "GET":
            address = f"{address}?{form}" if form else address
        else:
            body = form.encode()
        response = await self._outside.send(verb, address, headers, body, what=f"{verb} {path}")
        if response.status_code != 200:
            raise _no(response, f"{verb} {path}")
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as problem:
            raise ChannelUnavailable(f"stripe answered {verb} {path} with something unreadable") from problem

    async def each(self, path: str, fields: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list, page by page."""
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self.ask("GET", path, Page, {**fields, "limit": str(_PAGE), **after})
            for entry in page.data:
                yield entry
            if not page.has_more:
                return
            if not page.data:
                break
            after = {"starting_after": str(page.data[-1].get("id"))}
        raise ChannelUnavailable(f"stripe's list {path} does not end")


def _no(response: httpx.Response, what: str) -> ChannelRefused | ChannelUnavailable:
    status = response.status_code
    try:
        problem = ProblemAnswer.model_validate_json(response.content).error
    except ValidationError:
        return ChannelUnavailable(f"stripe answered {what} with {status} and no reason")
    retry = response.headers.get("stripe-should-retry") == "true"
    unclear = not 400 <= status < 500 or status in TELLS_NOTHING or status == 403 or problem.type == "api_error"
    if unclear or retry:  # 401 and 403 are about our key, 409 about a twin of this request that still runs
        return ChannelUnavailable(f"stripe answered {what} with {status} {problem.type}")
    return ChannelRefused("stripe", problem.code or problem.type, problem.message)
