"""A shop that a state machine commands: the real api, workers and stores on real servers, on Temporal's development server with a
clock that can be moved, before an outside world that does what it is told."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from pydantic import SecretStr
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.auditing import Auditor
from api.app import build
from api.wiring import Services, open_services
from hanse.database import Database
from hanse.settings import Settings
from hanse.temporal import connect
from models.auditing.types import Finding, Invariant
from models.fulfillment.messages import fulfillment_id
from models.orders.messages import checkout_id
from models.payments.messages import payment_timeout_id, refund_workflow_id
from models.shared.ids import AddressId, OrderId, SessionId, UserId
from models.users.rules import parse_contact
from models.users.types import Device
from stores.promotions import BenefitStore
from tests.e2e.calls import Buyer, Operator
from tests.e2e.goods import Shelves
from tests.homes import HOME
from tests.integration.channels.sandbox_server import free_port
from tests.model.outside import SECRET, Outside, build_outside
from tests.model.told import Told, listening
from tests.workflows.orders.server import running_server
from workers.main import worker_for
from workers.wiring import open_activities
from workflows.options import TaskQueue

T = TypeVar("T")
BOUND = 40.0
"""Seconds that anything may take."""
_QUEUES = (
    TaskQueue.CHECKOUT,
    TaskQueue.CHANNELS_PAYMENT,
    TaskQueue.CHANNELS_CARRIER,
    TaskQueue.BUS,
    TaskQueue.SEARCH,
)


@dataclass
class ShopClock:
    """The time as the order that is commanded has it: each order's workflows have a clock of their own."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Now, there."""
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """What the machine works with."""

    shop: Services
    auditor: Auditor
    outside: Outside
    clock: ShopClock
    server: WorkflowEnvironment
    http: httpx.AsyncClient
    told: Told
    operator: Operator = field(init=False)
    shelves: Shelves = field(init=False)

    # ---- people ------------------------------------------------------------------------------------------------------

    async def open_doors(self) -> None:
        """Someone who may do everything, and shelves to fill."""
        _, token = await self._someone(["administrator"])
        self.operator = Operator(self.http, "", token)
        self.shelves = Shelves(self.operator)

    async def buyer(self) -> tuple[UserId, Buyer]:
        """A new buyer with an address."""
        user_id, token = await self._someone([])
        address_id = AddressId.mint(datetime.now(UTC), secrets.token_bytes(10))
        await self.shop.users.addresses.add(address_id, user_id, HOME, default=True, now=datetime.now(UTC))
        return user_id, Buyer(self.http, "", token, address_id)

    async def _someone(self, roles: list[str]) -> tuple[UserId, str]:
        now = datetime.now(UTC)
        user_id = UserId.mint(now, secrets.token_bytes(10))
        contact = parse_contact(f"{secrets.token_hex(6)}@hanse.example")
        await self.shop.users.roles.ensure_operator(user_id, contact, "no password", "Somebody", roles, now)
        session_id = SessionId.mint(now, secrets.token_bytes(10))
        device = Device(address="127.0.0.1", agent="tests")
        identity = await self.shop.users.sessions.open(session_id, user_id, device, secrets.token_bytes(32), now)
        return user_id, self.shop.access_tokens.issue(identity, now, secrets.token_urlsafe(12))

    # ---- time --------------------------------------------------------------------------------------------------------

    async def later(self, order_id: OrderId, by: timedelta) -> None:
        """Let time pass for all workflows of an order at once."""
        running = [name for name, run in (await self._looks(order_id)).items() if run.status == "running"]
        await asyncio.gather(*(self._forward(name, by) for name in running))

    async def _forward(self, workflow_id: str, by: timedelta) -> None:
        there = self.server.client.get_workflow_handle(workflow_id)
        try:
            await asyncio.wait_for(self.server.fast_forward(there, by), BOUND)
        except RPCError as error:  # it has ended meanwhile
            if (await self._look(workflow_id)).status == "running":
                raise AssertionError(f"the clock of {workflow_id} cannot be moved") from error

    # ---- rest --------------------------------------------------------------------------------------------------------

    async def at_rest(self, order_id: OrderId) -> dict[str, "Look"]:
        """Wait until nothing of this order is under way: every workflow has ended or waits for a timer or for somebody."""
        loop = asyncio.get_running_loop()
        end = loop.time() + BOUND
        before: dict[str, Look] = {}
        while True:
            now = await self._looks(order_id)
            if now == before and not any(look.busy for look in now.values()):
                return now
            assert loop.time() < end, f"{order_id} does not come to rest: {now}"
            before = now
            await asyncio.sleep(0.01)

    async def _looks(self, order_id: OrderId) -> dict[str, "Look"]:
        parcels = await self.shop.fulfillment.shipments_of(order_id)
        refunds = await self.shop.payments.refunds(order_id)
        names = [checkout_id(order_id), payment_timeout_id(order_id)]
        names += [fulfillment_id(parcel.shipment_id) for parcel in parcels]
        names += [refund_workflow_id(refund.refund_id) for refund in refunds]
        return dict(zip(names, await asyncio.gather(*map(self._look, names)), strict=True))

    async def _look(self, workflow_id: str) -> "Look":
        try:
            found = await self.shop.temporal.get_workflow_handle(workflow_id).describe()
        except RPCError:
            return Look("none", 0, busy=False)
        raw = found.raw_description
        busy = bool(raw.pending_activities) or raw.HasField("pending_workflow_task")
        status = (found.status or WorkflowExecutionStatus.RUNNING).name.lower()
        return Look(status, found.history_length, busy=busy)

    # ---- proof -------------------------------------------------------------------------------------------------------

    async def findings(self) -> list[str]:
        """Everything that an audit of the whole shop finds now."""
        sections = [await self.auditor.look(invariant, self.clock()) for invariant in Invariant]
        return [_in_words(section.invariant, finding) for section in sections for finding in section.findings]


@dataclass(frozen=True)
class Look:
    """One workflow as Temporal describes it."""

    status: str
    events: int
    busy: bool


def _in_words(invariant: Invariant, finding: Finding) -> str:
    return f"{invariant}: {finding.check} at {finding.subject}: {finding.detail}"


@asynccontextmanager
async def open_world(settings: Settings, folder: Path) -> AsyncIterator[World]:
    """Everything up, in the order it needs each other; down again at the end. Databases are those of the environment."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server())
        clock = ShopClock()
        port = free_port()
        outside_url = f"http://127.0.0.1:{port}"
        outside = build_outside(folder, outside_url, clock)
        settings = settings.model_copy(
            update={
                "temporal_address": server.client.service_client.config.target_host,
                "sandbox_payment_url": outside_url,
                "sandbox_payment_secret": SecretStr(SECRET),
                "sandbox_carrier_url": outside_url,
                "sandbox_carrier_secret": SecretStr(SECRET),
                "access_token_lifetime": timedelta(days=365),
                "refresh_token_lifetime": timedelta(days=365),
                "rate_limits": False,
            }
        )
        await stack.enter_async_context(_serving(outside, port))
        shop = await stack.enter_async_context(open_services(settings, clock))
        client = await connect(settings)
        built = await stack.enter_async_context(open_activities(settings, client, clock))
        for queue in _QUEUES:
            await stack.enter_async_context(worker_for(client, queue, built))
        promotions = Database(settings.dsn("promotions"), max_size=2)
        benefits = BenefitStore(await promotions.open())
        stack.push_async_callback(promotions.close)
        auditor = Auditor(
            client=client,
            orders=shop.orders,
            parcels=shop.fulfillment,
            inventory=shop.inventory,
            payments=shop.payments,
            promotions=shop.promotions,
            coupons=shop.coupons,
            benefits=benefits,
            points=shop.points,
            cases=shop.aftersales,
            reviews=shop.reviews,
        )
        app = build(settings, shop)
        app.state.services = shop
        door = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=door, base_url=settings.api_url, timeout=BOUND)
        )
        told = await stack.enter_async_context(listening(settings.kafka_bootstrap))
        world = World(shop, auditor, outside, clock, server, http, told)
        await world.open_doors()
        yield world


@asynccontextmanager
async def _serving(app: Any, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(app, port=port, log_level="warning", lifespan="off", interface="asgi3")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await serving


def within_bounds(runner: asyncio.Runner, work: Coroutine[Any, Any, T]) -> T:
    """Run this; an error when it takes longer than anything may."""

    async def bounded() -> T:
        async with asyncio.timeout(3 * BOUND):
            return await work

    return runner.run(bounded())
