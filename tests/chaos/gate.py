"""A gate on the way to a server: connections pass through it, until it is told to refuse them, to be slow, or to say nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Self

Weather = Literal["open", "refuses", "slow"]
_CHUNK = 65_536


class Gate:
    """Listens on a port of its own and passes on to the server's."""

    def __init__(self, port: int, delay: float) -> None:
        self.port = 0
        self._to = port
        self._delay = delay
        self._weather: Weather = "open"
        self._server: asyncio.Server | None = None
        self._through: set[asyncio.StreamWriter] = set()

    async def open(self) -> Self:
        """Take a free port."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def close(self) -> None:
        """Nobody passes any more."""
        if self._server is not None:
            self._server.close()
        self._cut()

    @asynccontextmanager
    async def weather(self, weather: Weather) -> AsyncIterator[None]:
        """`refuses`: who is connected is cut off, who comes is turned away. `slow`: every piece waits."""
        self._weather = weather
        if weather == "refuses":
            self._cut()
        try:
            yield
        finally:
            self._weather = "open"

    def _cut(self) -> None:
        for writer in list(self._through):
            writer.transport.abort()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._weather == "refuses":
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._through |= {writer, there_writer}
        try:
            await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))
        finally:
            self._through -= {writer, there_writer}
            for side in (writer, there_writer):
                side.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the second when the other side is gone
            while piece := await reader.read(_CHUNK):
                if self._weather == "slow":
                    await asyncio.sleep(self._delay)
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
