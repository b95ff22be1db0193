"""A payment counter that works for real: the api on a port, workers, Temporal, PostgreSQL, the payment sandbox and simulators of
the real channels."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from pydantic import SecretStr

from api.app import build
from api.wiring import Services, open_services
from hanse.settings import Settings
from hanse.temporal import connect
from models.payments.messages import OpenPayment, payment_of
from models.payments.types import Payment, Refund
from models.shared import Money
from models.shared.ids import OrderId, SessionId, UserId
from models.users.rules import parse_contact
from models.users.types import Device
from tests.integration.channels.sandbox_server import SECRET, SandboxServer, free_port
from tests.simulators.alipay import AlipaySimulator
from tests.simulators.serving import private_pem, public_pem
from tests.simulators.stripe import StripeSimulator
from tests.simulators.wechat_pay import WechatPaySimulator
from workers.main import worker_for
from workers.queues import Activities
from workers.wiring import open_activities
from workflows.options import TaskQueue

T = TypeVar("T")


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], seconds: float = 20) -> T:
    """Ask again and again until the answer is as wanted; an AssertionError with the last answer when time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    answer = await ask()
    for _ in range(10**6):
        if holds(answer):
            break
        assert loop.time() < end, f"after {seconds} s it is still {answer!r}"
        await asyncio.sleep(0.05)
        answer = await ask()
    return answer


@dataclass
class Customer:
    """Someone who is logged in."""

    http: httpx.AsyncClient
    user_id: UserId

    async def post(self, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key or secrets.token_hex(8)})

    async def pay(self, payment: Payment, key: str | None = None, **more: Any) -> httpx.Response:
        body = {"order_id": payment.order_id, "channel": "sandbox_card", **more}
        return await self.post("/payments", body, key)


@dataclass
class Counter:
    """What tests look at and do."""

    url: str
    shop: Services
    built: Activities
    sandbox: SandboxServer
    alipay: AlipaySimulator
    wechat_pay: WechatPaySimulator
    stripe: StripeSimulator
    people: list[httpx.AsyncClient]

    async def person(self, *roles: str) -> Customer:
        """A buyer, or an operator with these roles."""
        now = datetime.now(UTC)
        contact = parse_contact(f"{secrets.token_hex(6)}@example.com")
        wanted = UserId.mint(now, secrets.token_bytes(10))
        account = await self.shop.users.roles.ensure_operator(wanted, contact, "no password", "Anna", roles, now)
        session = SessionId.mint(now, secrets.token_bytes(10))
        device = Device(address="127.0.0.1", agent="test")
        identity = await self.shop.users.sessions.open(session, account.id, device, secrets.token_bytes(32), now)
        token = self.shop.access_tokens.issue(identity, now, secrets.token_hex(8))
        client = httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.people.append(client)
        return Customer(client, account.id)

    async def owed_by(self, buyer: Customer, amount: int = 10_000, minutes: float = 30) -> Payment:
        """A payment with its window, opened as `Checkout` does it."""
        now = datetime.now(UTC)
        order_id = OrderId.mint(now, secrets.token_bytes(10))
        ask = OpenPayment(
            order_id=order_id,
            payment_id=payment_of(order_id),
            user_id=buyer.user_id,
            amount=Money(minor=amount),
            due_at=now + timedelta(minutes=minutes),
            at=now,
            placement="inline",
        )
        await self.built.payments.open_payment(ask)
        return await self.shop.payments.payment(ask.payment_id)

    async def buyer_pays(self, attempt: httpx.Response, *faults: str) -> None:
        """The buyer presses the button on the channel's own page."""
        async with httpx.AsyncClient() as browser:
            paid = await browser.post(f"{attempt.json()['cashier_url']}/pay", json={"faults": ",".join(faults)})
            assert paid.status_code == 200, paid.text

    async def refunds_that_ended(self, payment: Payment) -> tuple[Refund, ...]:
        """Wait until the order has refunds and all of them have come to their end."""
        return await eventually(
            lambda: self.shop.payments.refunds(payment.order_id),
            lambda refunds: bool(refunds) and all(refund.finished_at for refund in refunds),
            30,
        )

    async def until(self, payment: Payment, holds: Callable[[Payment], bool], seconds: float = 20) -> Payment:
        """Wait until the payment is as wanted."""
        return await eventually(lambda: self.shop.payments.payment(payment.payment_id), holds, seconds)


@asynccontextmanager
async def open_counter(settings: Settings, folder: Path) -> AsyncIterator[Counter]:
    """Everything up, in the order it needs each other; down again at the end."""
    sandbox = SandboxServer(folder)
    url = f"http://127.0.0.1:{free_port()}"
    alipay, wechat_pay, stripe = AlipaySimulator(), WechatPaySimulator(), StripeSimulator()
    stripe.endpoint = f"{url}/payment-channels/stripe/callbacks"
    settings = settings.model_copy(
        update={
            "api_url": url,
            "sandbox_payment_url": sandbox.url,
            "sandbox_payment_secret": SecretStr(SECRET),
            **merchant_of(alipay, wechat_pay, stripe),
        }
    )
    async with AsyncExitStack() as stack:
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        for provider in (alipay, wechat_pay, stripe):
            await provider.open()
            stack.push_async_callback(provider.close)
        shop = await stack.enter_async_context(open_services(settings))
        client = await connect(settings)
        built = await stack.enter_async_context(open_activities(settings, client))
        for queue in (TaskQueue.CHECKOUT, TaskQueue.CHANNELS_PAYMENT, TaskQueue.BUS):
            await stack.enter_async_context(worker_for(client, queue, built))
        server = uvicorn.Server(
            uvicorn.Config(build(settings, shop), port=int(url.rsplit(":", 1)[1]), log_level="warning", lifespan="on")
        )
        serving = asyncio.create_task(server.serve())
        counter = Counter(url, shop, built, sandbox, alipay, wechat_pay, stripe, [])
        try:
            await eventually(lambda: asyncio.sleep(0, server.started), bool)
            yield counter
        finally:
            server.should_exit = True
            await serving
            for person in counter.people:
                await person.aclose()


def merchant_of(alipay: AlipaySimulator, wechat_pay: WechatPaySimulator, stripe: StripeSimulator) -> dict[str, Any]:
    """The settings of a merchant of these providers."""
    return {
        "alipay_url": alipay.gateway,
        "alipay_app_id": alipay.app_id,
        "alipay_seller_id": alipay.seller_id,
        "alipay_private_key": SecretStr(private_pem(alipay.merchant_key)),
        "alipay_public_key": public_pem(alipay.own_key),
        "wechat_pay_url": wechat_pay.url,
        "wechat_pay_mchid": wechat_pay.mchid,
        "wechat_pay_appid": wechat_pay.appid,
        "wechat_pay_private_key": SecretStr(private_pem(wechat_pay.merchant_key)),
        "wechat_pay_certificate_serial": wechat_pay.certificate_serial,
        "wechat_pay_platform_keys": {wechat_pay.platform_serial: public_pem(wechat_pay.own_key)},
        "wechat_pay_api_v3_key": SecretStr(wechat_pay.api_v3_key),
        "stripe_url": stripe.url,
        "stripe_secret_key": SecretStr(stripe.secret_key),
        "stripe_webhook_secret": SecretStr(stripe.webhook_secret),
    }
