"""What the simulated providers share: a real HTTP server on a port of its own, faults on demand, callbacks to the merchant."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.integration.channels.sandbox_server import free_port, until


def new_key() -> rsa.RSAPrivateKey:
    """A key pair."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def spare_key(owner: str = "nobody") -> rsa.RSAPrivateKey:
    """A key pair of somebody else; always the same, since making one takes a while."""
    return new_key()


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """As an operator would set it."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """As an operator would set it."""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form).decode()


def rsa_sign(key: rsa.RSAPrivateKey, text: bytes) -> bytes:
    """SHA-256 with RSA, written down here once more so that the adapters do not judge themselves."""
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def rsa_holds(key: rsa.RSAPrivateKey, text: bytes, signature: bytes) -> bool:
    """Whether the owner of this key signed the text."""
    return rsa_sign(key, text) == signature  # PKCS #1 v1.5 is deterministic


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    target: str
    """Path and query, as sent."""
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Provider:
    """The server. Subclasses answer; `moment` is their clock."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[Asked] = []
        self.heard: list[tuple[int, bytes]] = []
        """What the merchant said to callbacks: status and body."""
        self.instead: list[Answer] = []
        """Answers to the next requests, which are not looked at."""
        self.silent = False
        """Act, but do not answer."""
        self.hooks: dict[int, Callable[[], None]] = {}
        """What happens just before the request of that number, counted from one, is looked at."""
        self._never = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._client = httpx.AsyncClient(timeout=5)

    def answer(self, asked: Asked) -> Answer:
        """What the provider says."""
        raise NotImplementedError

    def moment(self) -> datetime:
        """Now, in whole seconds, as providers write times."""
        return datetime.now(UTC).replace(microsecond=0)

    def forget(self) -> None:
        """End all faults and forget what was heard."""
        self.instead.clear()
        self.asked.clear()
        self.heard.clear()
        self.hooks.clear()
        self.silent = False

    async def tell(self, url: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """Send a callback and note what the merchant says."""
        response = await self._client.post(url, content=body, headers=dict(headers))
        self.heard.append((response.status_code, response.content))
        return response

    def tell_soon(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a callback after this answer."""

        async def send() -> None:
            try:
                await self.tell(url, headers, body)
            except httpx.TransportError:
                self.heard.append((0, b""))

        task = asyncio.create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        """Listen."""
        config = uvicorn.Config(self._app, port=self.port, log_level="warning", lifespan="off", interface="asgi3")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        server = self._server
        await until(lambda: server.started, "the provider to listen")

    async def close(self) -> None:
        """End."""
        self._never.set()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._serving
        await asyncio.gather(*self._tasks)
        await self._client.aclose()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], target, headers, body)
        self.asked.append(asked)
        if hook := self.hooks.pop(len(self.asked), None):
            hook()
        answer = self.instead.pop(0) if self.instead else self.answer(asked)
        if self.silent:
            await self._never.wait()
        told = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": told})
        await send({"type": "http.response.body", "body": answer.body})
