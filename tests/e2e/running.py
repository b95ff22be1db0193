"""The whole shop, as `hanse up` starts it, on free ports: servers, api, worker, payment sandbox, and a second api in a hurry.

What happens in it happens over HTTP; only accounts are put there directly, since two hundred of them should not wait for
two hundred password hashes.
"""

import asyncio
import dataclasses
import functools
import io
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from rich.console import Console
from temporalio.client import Client

from api.credentials.tokens import AccessTokens
from cli.audit import run_audit
from cli.children import api_part, worker_part
from cli.startup import start_everything
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from hanse.stack.part import Part
from hanse.stack.ports import Ports
from hanse.temporal import connect
from models.shared.ids import AddressId, SessionId, UserId
from models.users.rules import parse_contact
from models.users.types import Device
from stores.users import UsersStore
from tests.chaos.worker import SOCKET
from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.sandbox_books import SandboxBooks
from tests.homes import HOME
from tests.simulators.serving import private_pem, public_pem
from tests.simulators.wechat_pay import WechatPaySimulator

HASTY_WINDOW = 6.0
"""Seconds the hasty api gives to pay an order; prepared stock it holds half as long."""

SHARED = {
    "environment": "test",
    "access_token_lifetime": "PT12H",
    "listeners": "off",
    "orders_under_way_least": 64,
    "hold_period": "PT2H",
    "payment_window": "PT6H",
}
"""What listeners start is tried by itself (`tests/integration/bus/test_listeners.py`); here it would only slow crowds down. Orders
that a conductor holds are late on purpose, and must not keep the others out. What a test has prepared does not lapse while others run,
but at the hasty api."""


class RunningShop:
    """The running processes and the people at their doors."""

    worker = "worker"
    """The part that is the worker now."""
    socket: Path
    """Where a conductor (`tests/chaos`) may listen to the worker's steps; nobody does, usually."""

    def __init__(self, stack: EmbeddedStack, users: UsersStore, http: httpx.AsyncClient, hasty_url: str) -> None:
        self.stack = stack
        self.settings: Settings = stack.settings
        self.http = http
        self.hasty_url = hasty_url
        self.worker_metrics_url = f"http://127.0.0.1:{stack.settings.metrics_port + 1}"
        self.operator: Operator
        self.wechat_pay: WechatPaySimulator
        self.books = SandboxBooks(stack.settings, http)
        self._users = users
        self._tokens = AccessTokens(
            stack.settings.token_key.get_secret_value().encode(), stack.settings.access_token_lifetime
        )

    async def buyers(self, count: int, api_url: str | None = None) -> list[Buyer]:
        """So many new buyers, each with an address, at the shop's address or another one of it."""
        turn = asyncio.Semaphore(8)

        async def one() -> Buyer:
            async with turn:
                user_id, token = await self._someone(f"buyer-{secrets.token_hex(6)}@hanse.example", [])
                address_id = AddressId.mint(datetime.now(UTC), secrets.token_bytes(10))
                await self._users.addresses.add(address_id, user_id, HOME, default=True, now=datetime.now(UTC))
                return Buyer(self.http, api_url or self.settings.api_url, token, address_id)

        return await asyncio.gather(*(one() for _ in range(count)))

    async def buyer(self, api_url: str | None = None) -> Buyer:
        """A new buyer with an address."""
        return (await self.buyers(1, api_url))[0]

    async def new_operator(self) -> Operator:
        """An operator with every permission."""
        _, token = await self._someone(f"operator-{secrets.token_hex(6)}@hanse.example", ["administrator"])
        return Operator(self.http, self.settings.api_url, token)

    async def staff(self, *permissions: str) -> Operator:
        """An operator with exactly these permissions, by a role of its own."""
        name = f"role_{secrets.token_hex(6)}"
        told = {"title": "Of a test", "permissions": list(permissions)}
        made = await self.operator.send("PUT", f"/v1/operators/roles/{name}", told, headers={"if-match": '"0"'})
        made.raise_for_status()
        _, token = await self._someone(f"staff-{secrets.token_hex(6)}@hanse.example", [name])
        return Operator(self.http, self.settings.api_url, token)

    async def _someone(self, contact: str, roles: list[str]) -> tuple[UserId, str]:
        now = datetime.now(UTC)
        user_id = UserId.mint(now, secrets.token_bytes(10))
        await self._users.roles.ensure_operator(
            user_id, parse_contact(contact), "no password opens this", "Somebody", roles, now
        )
        device = Device(address="127.0.0.1", agent="tests")
        session_id = SessionId.mint(now, secrets.token_bytes(10))
        identity = await self._users.sessions.open(session_id, user_id, device, secrets.token_bytes(32), now)
        return user_id, self._tokens.issue(identity, now, secrets.token_urlsafe(12))

    # ---- what may happen to the processes ----------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """kill -9 of one part, with everything it started; the supervisor will start it again."""
        process = self.stack.supervisor.parts[name].process
        assert process is not None
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)

    async def is_back(self, name: str, restarts: int, within: float = 60.0) -> None:
        """Wait until a part has been started more than `restarts` times and is ready again."""
        part = self.stack.supervisor.parts[name]

        async def ready() -> bool:
            return part.restarts > restarts and part.state == "ready"

        await eventually(f"{name} is back", ready, within)

    def restarts(self, name: str) -> int:
        """How often the supervisor started this part again."""
        return self.stack.supervisor.parts[name].restarts

    @asynccontextmanager
    async def payments_go_wrong(self, *rules: JSON, seed: int = 0) -> AsyncIterator[None]:
        """These faults at the payment sandbox, for so long."""
        url = f"{self.settings.sandbox_payment_url}/faults"
        said(await self.http.post(url, json={"seed": seed, "rules": rules}), 200)
        try:
            yield
        finally:
            said(await self.http.post(url, json={"rules": []}), 200)

    async def temporal(self) -> Client:
        """A client of the shop's Temporal."""
        return await connect(self.settings)

    # ---- what must hold ----------------------------------------------------------------------------------------------

    async def audit_is_clean(self, within: float = 15.0) -> None:
        """`hanse audit` finds nothing. What is on its way (visibility lags half a second) may take `within` seconds."""

        async def clean() -> bool:
            self.findings = [finding for part in await run_audit(self.settings) for finding in part.findings]
            return not self.findings

        try:
            await eventually("the audit is clean", clean, within, pause=0.5)
        except AssertionError as broken:
            raise AssertionError(f"{broken}: {self.findings[:20]}") from None

    async def books_agree(self, orders: Iterable[str], within: float = 30.0) -> None:
        """What the sandbox kept for these orders is what their states say they hold, to the fen; nothing is under way."""
        ids = list(orders)

        async def agree() -> bool:
            self.differences = await self.books_differ(ids)
            return not self.differences

        try:
            await eventually("the sandbox's books and ours agree", agree, within, pause=0.5)
        except AssertionError as broken:
            raise AssertionError(f"{broken}: {self.differences[:20]}") from None

    async def books_differ(self, orders: Iterable[str]) -> list[str]:
        """For which of these orders the sandbox kept something else than it should, as things are now."""
        ids = list(orders)
        kept = await self.books.kept_by_attempt() if ids else {}
        return [told for order_id in ids if (told := await self._difference(order_id, kept))]

    async def _difference(self, order_id: str, kept: Mapping[str, int]) -> str | None:
        order = await self.operator.order(order_id)
        payment = await self.operator.payment_of(order)
        there = sum(kept.get(attempt["attempt_id"], 0) for attempt in payment["attempts"])
        holds = order["total"]["minor"] - order["refunded"]["minor"] if order["status"] in ("paid", "completed") else 0
        under_way = payment["held"]["minor"]
        if there == holds and not under_way:
            return None
        return f"{order_id} is {order['status']}: holds {holds}, the sandbox kept {there}, {under_way} under way"

    async def nothing_is_stuck(self, within: float = 60.0) -> None:
        """No running workflow fails its tasks, or tries a step again and again."""

        async def free() -> bool:
            self.stuck = await stuck_since(await self.temporal())
            return not self.stuck

        try:
            await eventually("no workflow is stuck", free, within, pause=1)
        except AssertionError as broken:
            raise AssertionError(f"{broken}: {self.stuck[:20]}") from None


async def stuck_since(client: Client, began: datetime | None = None) -> list[str]:
    """Runs that failed, fail their tasks, or try a step again and again; all of them, or those that began since then."""
    since = f" AND StartTime >= '{began.isoformat()}'" if began else ""
    found = []
    async for run in client.list_workflows(f"(ExecutionStatus = 'Running' OR ExecutionStatus = 'Failed'){since}"):
        described = (await client.get_workflow_handle(run.id, run_id=run.run_id).describe()).raw_description
        if described.workflow_execution_info.status == 3:  # WORKFLOW_EXECUTION_STATUS_FAILED
            found.append(f"{run.id} failed")
        if described.pending_workflow_task.attempt > 1:
            found.append(f"{run.id} fails its workflow task")
        found += [
            f"{run.id}: {step.activity_type.name} tried {step.attempt} times: {step.last_failure.message}"
            for step in described.pending_activities
            if step.attempt > 1
        ]
    return found


@asynccontextmanager
async def running_shop(folder: Path, *, hasty: bool = True) -> AsyncIterator[RunningShop]:
    """Start everything, make an operator; stop everything at the end. Where nobody is in a hurry, there is no second api: to
    start one takes some eight seconds of a processor."""
    wechat_pay = WechatPaySimulator()
    shared = {**SHARED, **_merchant_of(wechat_pay), "metrics_port": Ports.free().api}
    async with AsyncExitStack() as opened:
        await wechat_pay.open()
        opened.push_async_callback(wechat_pay.close)
        stack = EmbeddedStack(folder, settings=shared | {"wechat_pay_url": wechat_pay.url})
        await stack.open()
        opened.push_async_callback(stack.close)
        socket = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="hanse-chaos-"))) / "conductor"
        worker = functools.partial(heard_worker, socket=socket)
        await start_everything(stack, Console(file=io.StringIO()), servers_only=False, demo=False, worker=worker)
        hasty_url = await start_hasty_api(stack) if hasty else ""
        http = await opened.enter_async_context(
            httpx.AsyncClient(timeout=40, limits=httpx.Limits(max_connections=300, max_keepalive_connections=300))
        )
        shop = RunningShop(stack, await users_of(stack.settings, opened), http, hasty_url)
        shop.wechat_pay, shop.socket = wechat_pay, socket
        shop.operator = await shop.new_operator()
        yield shop


def heard_worker(settings: Settings, environment: Mapping[str, str], *, socket: Path, name: str = "worker") -> Part:
    """The worker of the shop with a pair of ears: `tests/chaos/worker.py`."""
    part = worker_part(settings, {**environment, SOCKET: str(socket)})
    return dataclasses.replace(part, name=name, command=[sys.executable, "-m", "tests.chaos.worker"])


def _merchant_of(wechat_pay: WechatPaySimulator) -> dict[str, Any]:
    """Settings of a shop that WeChat Pay knows, on computers and inside WeChat."""
    return {
        "wechat_pay_mchid": wechat_pay.mchid,
        "wechat_pay_appid": wechat_pay.appid,
        "wechat_pay_private_key": private_pem(wechat_pay.merchant_key),
        "wechat_pay_certificate_serial": wechat_pay.certificate_serial,
        "wechat_pay_platform_keys": {wechat_pay.platform_serial: public_pem(wechat_pay.own_key)},
        "wechat_pay_api_v3_key": wechat_pay.api_v3_key,
        "wechat_pay_trade_types": ["native", "jsapi"],
    }


async def start_hasty_api(stack: EmbeddedStack) -> str:
    """A second api beside the first, on the same stack, that gives buyers seconds instead of minutes."""
    url = f"http://127.0.0.1:{Ports.free().api}"
    settings = stack.settings.model_copy(update={"api_url": url})
    short = {"HANSE_API_URL": url, "HANSE_PAYMENT_WINDOW": f"PT{HASTY_WINDOW:g}S"}
    short["HANSE_HOLD_PERIOD"] = f"PT{HASTY_WINDOW / 2:g}S"
    await stack.start(dataclasses.replace(api_part(settings, {**stack.environment(), **short}), name="hasty-api"))
    return url


async def users_of(settings: Settings, opened: AsyncExitStack) -> UsersStore:
    """Where accounts are put directly."""
    database = await Database(settings.dsn("users")).open()
    opened.push_async_callback(database.close)
    redis = Redis.from_url(settings.redis_url)
    opened.push_async_callback(redis.aclose)
    return UsersStore.on(
        database,
        redis,
        access_token_lifetime=settings.access_token_lifetime,
        session_lifetime=settings.refresh_token_lifetime,
    )
