"""The carriers as a process: pushes that go wrong as asked, journeys, and kill -9."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from channels.carrier.errors import TrackingForged, TrackingMalformed, TrackingStale
from channels.carrier.sandbox_carrier import SandboxCarrier
from tests.carriers import SECRET, now
from tests.integration.channels.sandbox_server import free_port, until
from tests.integration.channels.test_carrier_honours_the_contract import parcel


class Inbox:
    """A shop's door for pushes: believes what the carrier believes it signed, and keeps it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.codes: list[str] = []
        self.refused: Counter[str] = Counter()
        self.carrier: SandboxCarrier
        self._server = uvicorn.Server(
            uvicorn.Config(self._app, port=self.port, log_level="warning", lifespan="off", interface="asgi3")
        )
        self._task = asyncio.create_task(self._server.serve())

    async def ready(self) -> "Inbox":
        await until(lambda: self._server.started, "the inbox to listen")
        return self

    async def close(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = 202
        try:
            push = self.carrier.parse_push(headers, body, now())
            if push.waybill.startswith("XXX"):
                status = 404
            else:
                self.codes.append(json.loads(body)["code"])
        except (TrackingForged, TrackingMalformed, TrackingStale) as refusal:
            self.refused[refusal.code] += 1
            status = 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Server:
    """`python -m channels.carrier.sandbox`, pushing to an inbox; tried again after 20 ms, 40 ms, 80 ms …"""

    def __init__(self, folder: Path, inbox: Inbox, http: httpx.AsyncClient, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.http = http
        self._environment = {
            **os.environ,
            "HANSE_DATA_DIR": str(folder),
            "HANSE_ENVIRONMENT": "test",
            "HANSE_SANDBOX_CARRIER_URL": self.url,
            "HANSE_SANDBOX_CARRIER_SECRET": SECRET,
            "HANSE_SANDBOX_CARRIER_PUSH_UNIT_SECONDS": "0.02",
            "HANSE_LOG_LEVEL": "WARNING",
            **environment,
        }
        shop_url = f"http://127.0.0.1:{inbox.port}"
        self.carrier = inbox.carrier = SandboxCarrier("sandbox", self.url, SECRET, http, now, shop_url=shop_url)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "channels.carrier.sandbox", env=self._environment
        )
        for _ in range(400):
            try:
                if (await self.http.get(f"{self.url}/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        raise RuntimeError("the carriers did not become healthy within 20 s")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()

    async def moves(self, waybill: str, *codes: str) -> None:
        for code in codes:
            (await self.http.post(f"{self.url}/parcels/{waybill}/moves", json={"code": code})).raise_for_status()

    async def faults(self, *rules: dict[str, Any]) -> None:
        (await self.http.post(f"{self.url}/faults", json={"rules": list(rules)})).raise_for_status()


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    opened = await Inbox().ready()
    yield opened
    await opened.close()


@pytest.fixture
async def server(tmp_path: Path, inbox: Inbox) -> AsyncIterator[Server]:
    async with httpx.AsyncClient() as http:
        started = Server(tmp_path, inbox, http)
        await started.start()
        yield started
        await started.stop()


async def test_pushes_go_wrong_as_asked_and_a_crash_loses_none(server: Server, inbox: Inbox) -> None:
    waybill = (await server.carrier.book_waybill(parcel("pushes"))).number
    await server.faults(
        {"fault": "doubled", "value": 3, "on": "picked_up"},
        {"fault": "forged", "on": "in_transit"},
        {"fault": "stale", "on": "out_for_delivery"},
        {"fault": "lost", "on": "delivered"},
        {"fault": "garbled", "on": "signed"},
        {"fault": "unknown_waybill", "on": "signed"},
    )
    await server.moves(waybill, "picked_up", "in_transit", "out_for_delivery", "delivered", "signed")
    await until(lambda: len(inbox.codes) >= 6 and inbox.refused.total() >= 3, "the pushes")
    assert Counter(inbox.codes) == {"picked_up": 3, "in_transit": 1, "out_for_delivery": 1, "signed": 1}
    assert inbox.refused == {"tracking_forged": 1, "tracking_stale": 1, "tracking_malformed": 1}
    told = [report.event.status for report in await server.carrier.tracking(waybill)]
    assert told == ["booked", "collected", "in_transit", "out_for_delivery", "delivered", "signed"]

    await server.faults({"fault": "reordered", "on": "picked_up"})
    other = (await server.carrier.book_waybill(parcel("reordered"))).number
    inbox.codes.clear()
    await server.moves(other, "picked_up", "in_transit")
    await until(lambda: len(inbox.codes) == 2, "both in the wrong order")
    assert inbox.codes == ["in_transit", "picked_up"]

    await server.faults({"fault": "late", "value": 0.6, "on": "signed"})
    inbox.codes.clear()
    await server.moves(other, "signed")
    await server.stop(signal.SIGKILL)
    await server.start()
    await until(lambda: inbox.codes == ["signed"], "the push that was written down before the crash")
    assert await server.carrier.book_waybill(parcel("pushes")), "and what was booked is still booked"


async def test_a_parcel_travels_by_itself_until_it_is_signed_for_or_meets_its_fate(
    tmp_path: Path, inbox: Inbox
) -> None:
    async with httpx.AsyncClient() as http:
        journey = {"HANSE_SANDBOX_CARRIER_JOURNEY_SECONDS": "0.5", "HANSE_SANDBOX_CARRIER_FAULTS": "parcel_lost*1"}
        server = Server(tmp_path, inbox, http, **journey)
        await server.start()
        try:
            await server.carrier.book_waybill(parcel("unlucky"))
            await until(lambda: "lost" in inbox.codes, "the loss")
            inbox.codes.clear()
            await server.carrier.book_waybill(parcel("lucky"))
            await until(lambda: "signed" in inbox.codes, "the signature")
        finally:
            await server.stop()
    assert sorted(inbox.codes) == sorted(["picked_up", "in_transit", "out_for_delivery", "delivered", "signed"])
