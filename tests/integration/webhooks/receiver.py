"""A system outside that receives webhooks: keeps what came, answers as it is told."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """Answers 200 once `answers` has nothing more to say."""

    port: int = 0
    got: list[Received] = field(default_factory=list)
    answers: deque[str] = field(default_factory=deque)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hanse"

    def next(self, status: str, headers: str = "", body: str = "") -> None:
        """What the next request is answered with."""
        self.answers.append(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n{body}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        exact = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append(Received({name.lower(): value for name, value in exact.items()}, body.decode()))
        answer = self.answers.popleft() if self.answers else "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
