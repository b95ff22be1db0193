"""A small HTTP/1.1 client for loads: it costs a fifth of a general one, so two cores measure the server and not the client."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.loops import Refused


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    def granted(self) -> Any:
        """The body as JSON. Refused for 4xx, and for a 503 (the shop says that it cannot now); an error for anything but 2xx."""
        if 400 <= self.status < 500 or self.status == 503:
            raise self._refusal()
        if not 200 <= self.status < 300:
            raise RuntimeError(f"{self.status} {self.body[:300]!r}")
        return json.loads(self.body) if self.body else None

    def _refusal(self) -> Refused:
        try:
            problem = json.loads(self.body)
            return Refused(f"{self.status} {problem['code']}", problem.get("retry_after"))
        except (ValueError, KeyError, TypeError):
            return Refused(f"{self.status} {self.body[:100]!r}")


_MOST_CONNECTIONS = 4_000


class Wire:
    """Keep-alive connections to one server, as many as are in use at once up to what a process may open; who finds none free waits,
    and its time goes on. Understands bodies with a Content-Length."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._free = asyncio.Semaphore(_MOST_CONNECTIONS)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None) -> bytes:
        """The bytes of a request, to be sent as often as wanted."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = {"host": f"{self._host}:{self._port}", "content-length": str(len(content)), **(headers or {})}
        if content:
            lines["content-type"] = "application/json"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content

    async def send(self, request: bytes) -> Answer:
        """Send and wait for the answer. A server may close an idle connection any time; then a new one is taken."""
        async with self._free:
            while self._idle:
                reader, writer = self._idle.pop()
                if not reader.at_eof() and not writer.is_closing():
                    return await self._exchange(reader, writer, request)
                writer.close()
            return await self._exchange(*await asyncio.open_connection(self._host, self._port, limit=1 << 20), request)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            answer = Answer(int(head[9:12]), await reader.readexactly(_length(head)))
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return answer

    async def call(self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None) -> Any:
        """One request with its JSON answer."""
        return (await self.send(self.request(method, path, headers, body))).granted()

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"\r\ncontent-length:")
    if start < 0:
        if head[9:12] == b"204":
            return 0
        raise RuntimeError(f"an answer without Content-Length: {head[:200]!r}")
    return int(lower[start + 17 : lower.index(b"\r\n", start + 2)])
