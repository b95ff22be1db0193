"""What calls to every real provider share: one request, no redirects, bounded time; no answer means that nobody knows."""

from collections.abc import Mapping

import httpx

from channels.payment.contract import ChannelTerms
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from models.shared import Money

TIMEOUT = httpx.Timeout(8.0, connect=2.0)
TELLS_NOTHING = {401, 408, 409, 425, 429}
"""Refusals that say nothing about the payment: keys, clock, rate or a twin of this request; ask again."""


class Outside:
    """A provider's address, asked through a client that whoever built it also closes."""

    def __init__(self, name: str, url: str, client: httpx.AsyncClient, timeout: httpx.Timeout = TIMEOUT) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._client = client
        self._timeout = timeout

    async def send(
        self, verb: str, address: str, headers: Mapping[str, str], content: bytes = b"", *, what: str
    ) -> httpx.Response:
        """One request; `what` names it in faults, which quote neither address nor headers, since those may hold keys."""
        try:
            return await self._client.request(
                verb, address, content=content, headers=dict(headers), timeout=self._timeout, follow_redirects=False
            )
        except httpx.HTTPError as problem:
            kind = type(problem).__name__
            raise ChannelUnavailable(f"no answer from {self.name} to {what} ({kind}); it may have acted") from None


def refuse_what_is_not_taken(terms: ChannelTerms, amount: Money) -> None:
    """ChannelRefused, before anybody is asked, for a currency or an amount outside the terms."""
    if not terms.accepts(amount):
        raise ChannelRefused(terms.name, "amount_not_taken", f"{amount.minor} minor units of {amount.currency}")
