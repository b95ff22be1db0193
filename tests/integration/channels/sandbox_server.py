"""The payment sandbox as a process of its own, and a merchant who receives its callbacks."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from channels.payment.contract import CallbackAnswer, ChannelCallback, ChannelNotice, PaymentChannel
from models.shared import Refusal
from models.shared.time import Clock

SECRET = "a secret that only tests share, 0123456789"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], bool], what: str, seconds: float = 10, pause: float = 0.01) -> None:
    """Wait for something outside this process to show; an AssertionError that names it when it does not."""
    end = time.monotonic() + seconds
    for _ in range(10**6):
        if condition():
            return
        if time.monotonic() > end:
            break
        await asyncio.sleep(pause)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class SandboxServer:
    """`python -m channels.payment.sandbox` on a free port; callbacks are retried after 20 ms, 40 ms, 80 ms …"""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{free_port()}"
        self._environment = {
            **os.environ,
            "HANSE_DATA_DIR": str(data_dir),
            "HANSE_SANDBOX_PAYMENT_URL": self.url,
            "HANSE_SANDBOX_PAYMENT_SECRET": SECRET,
            "HANSE_SANDBOX_PAYMENT_CALLBACK_UNIT_SECONDS": "0.02",
            "HANSE_SANDBOX_PAYMENT_CALLBACK_TRIES": "12",
            "HANSE_SANDBOX_PAYMENT_REFUND_SECONDS": "0.05",
            "HANSE_LOG_LEVEL": "WARNING",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._client = httpx.AsyncClient(base_url=self.url)

    async def start(self) -> None:
        """Start it and wait until it is healthy."""
        arguments = (sys.executable, "-m", "channels.payment.sandbox")
        self._process = await asyncio.create_subprocess_exec(*arguments, env=self._environment)
        for _ in range(400):
            if self._process.returncode is not None:
                raise RuntimeError(f"the sandbox ended with {self._process.returncode} while starting")
            try:
                if (await self._client.get("/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        raise RuntimeError("the sandbox did not become healthy within 20 s")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal and wait for its end."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()

    async def set_faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Replace the fault schedule; without rules, end all faults."""
        answer = await self._client.post("/faults", json={"seed": seed, "rules": list(rules)})
        answer.raise_for_status()

    async def shows(self, text: str, seconds: float = 10) -> None:
        """Wait until the operator's page says that, whatever markup stands between the words."""
        end = time.monotonic() + seconds
        while True:
            page = " ".join(re.sub(r"<[^>]+>", " ", (await self._client.get("/")).text).split())
            if text in page:
                return
            assert time.monotonic() < end, f"{text!r} is not on the operator's page: {page}"
            await asyncio.sleep(0.02)

    async def injected(self) -> list[dict[str, str]]:
        """What went wrong on purpose so far, oldest first."""
        report = (await self._client.get("/faults")).json()
        return list(reversed(report["injected"]))


class CallbackInbox:
    """A merchant's callback endpoint on a real port: parses with the channel, answers as it wants or 400, keeps what came.

    Started with `open()`; can be closed and opened again on the same port to be unreachable for a while.
    """

    def __init__(self, channel: Callable[[], PaymentChannel], clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/payments/1/callbacks"
        self.accepted: list[ChannelCallback] = []
        self.noticed: list[ChannelNotice] = []
        self.refused: list[str] = []
        self.raw: list[tuple[dict[str, str], bytes]] = []
        self.arrived: list[float] = []
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.raw.append((headers, body))
        self.arrived.append(time.monotonic())
        answer = self._channel().received
        try:
            told = self._channel().parse_callback(headers, body, self._clock())
            (self.noticed if isinstance(told, ChannelNotice) else self.accepted).append(told)
        except Refusal as refusal:
            self.refused.append(refusal.code)
            answer = CallbackAnswer(status=400, body=b"")
        await send({"type": "http.response.start", "status": answer.status, "headers": []})
        await send({"type": "http.response.body", "body": answer.body})

    async def open(self) -> None:
        """Listen."""
        config = uvicorn.Config(self._app, port=self._port, log_level="warning", lifespan="off", interface="asgi3")
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve())
        server = self._server
        await until(lambda: server.started, "the inbox to listen")

    async def close(self) -> None:
        """Be unreachable."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task

    async def wait_for(self, count: int, seconds: float = 10) -> list[ChannelCallback]:
        """The accepted callbacks, once there are `count` of them."""
        await until(lambda: len(self.accepted) >= count, f"{count} callbacks", seconds)
        return self.accepted


StartSandbox = Callable[..., Awaitable[SandboxServer]]
OpenInbox = Callable[[PaymentChannel], Awaitable[CallbackInbox]]
