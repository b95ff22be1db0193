"""Posts a message to an endpoint outside, and never into the shop's own network.

The address is judged when the connection is made, after the name was looked up: the connection goes to the very address that
was judged, so a name that answers differently the second time gains nothing. Redirects are not followed, proxies of the
environment not used.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from models.webhooks.errors import WebhookTargetForbidden
from models.webhooks.rules import check_url, may_be_reached

_EXCERPT = 1_000
USER_AGENT = "Hanse-Webhooks/1"


@dataclass(frozen=True)
class Answer:
    """What came back, or why nothing did."""

    status: int | None
    failure: str | None
    duration_ms: int
    excerpt: str = ""
    retry_after_seconds: int | None = None


class _ForbiddenAddress(httpcore.ConnectError):
    """The name leads into the shop's own network."""


class _Guarded(httpcore.AsyncNetworkBackend):
    """Looks a name up, judges every address and connects to one that it judged."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To the first address of this host, if all of them may be reached."""
        address = await self._judged(host, port)
        return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise _ForbiddenAddress(f"no message goes to the socket {path}")

    async def sleep(self, seconds: float) -> None:
        """As the network does."""
        await self._network.sleep(seconds)

    async def _judged(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise httpcore.ConnectError(f"the name {host} leads nowhere") from error
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not self._allow_private and not all(may_be_reached(ip_address(address)) for address in addresses):
            raise _ForbiddenAddress(f"{host} leads into a network that is not public")
        return addresses[0]


class WebhookSender:
    """Posts bytes as they are. `allow_private` is for machines where everything is on loopback."""

    def __init__(self, *, allow_private: bool = False, timeout_seconds: float = 15.0) -> None:
        self.allow_private = allow_private
        self._timeout = timeout_seconds
        transport = httpx.AsyncHTTPTransport(retries=0)
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Guarded(allow_private=allow_private),
        )
        self._http = httpx.AsyncClient(
            transport=transport, timeout=timeout_seconds, follow_redirects=False, trust_env=False
        )

    async def close(self) -> None:
        """Let every connection go."""
        await self._http.aclose()

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        """Send it once. Never raises for what is on the other side: that is the answer."""
        begun = time.monotonic()

        def answer(failure: str | None, status: int | None = None, **more: Any) -> Answer:
            return Answer(status, failure, int((time.monotonic() - begun) * 1000), **more)

        try:
            check_url(url, allow_private=self.allow_private)
            async with asyncio.timeout(self._timeout):
                return await self._send(url, body, headers, answer)
        except WebhookTargetForbidden:
            return answer("forbidden_address")
        except (TimeoutError, httpx.TimeoutException):
            return answer("timeout")
        except httpx.HTTPError as error:
            return answer(_failure(error))

    async def _send(self, url: str, body: str, headers: Mapping[str, str], answer: Any) -> Answer:
        sent = {"content-type": "application/json", "user-agent": USER_AGENT, "accept": "*/*", **headers}
        async with self._http.stream("POST", url, content=body.encode(), headers=sent) as response:
            excerpt = await _beginning(response)
            status = response.status_code
            done: Answer = answer(
                None if response.is_success else f"http_{status}",
                status,
                excerpt=excerpt,
                retry_after_seconds=_retry_after(response),
            )
            return done


def _failure(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _ForbiddenAddress):
            return "forbidden_address"
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "refused" if isinstance(error, httpx.ConnectError) else "broken_off"


async def _beginning(response: httpx.Response) -> str:
    """Enough of the answer to see what it is; an endless one is not read to its end."""
    read = b""
    async for part in response.aiter_raw():
        read += part
        if len(read) >= _EXCERPT:
            break
    return read[:_EXCERPT].decode("utf-8", "replace").replace("\x00", "")


def _retry_after(response: httpx.Response) -> int | None:
    """Seconds that the receiver asks for, a day at most; dates are not understood."""
    asked = response.headers.get("retry-after", "")
    return min(int(asked), 86_400) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None
