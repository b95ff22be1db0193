"""People are told once a cause, in their language, at their own address."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from temporalio.testing import ActivityEnvironment

from activities.notifications import NotificationActivities
from channels.notification.contract import Message
from channels.notification.sandbox import SandboxNotifier
from hanse.settings import Settings
from models.aftersales.events import AftersaleChanged
from models.aftersales.types import AftersaleKind, AftersaleState
from models.fulfillment.events import ShipmentSigned
from models.inventory.events import StockLow
from models.notifications.messages import BatchTold, TellBatch, TellPeople
from models.notifications.types import Language, Template
from models.orders.events import OrderPaid
from models.shared.events import Event
from models.shared.ids import AftersaleId, OrderId, ShipmentId, SkuId, UserId, WarehouseId
from models.shared.money import Money
from stores.notifications import NoticeStore
from stores.orders import OrderStore
from stores.users.reaching import Reaching
from tests.conftest import OpenDatabase
from tests.integration.orders.shop import opening
from tests.integration.users.shop import Person, Shop, open_shop


@dataclass
class Desk:
    """What tells people, and who is told."""

    shop: Shop
    notices: NoticeStore
    orders: OrderStore
    steps: NotificationActivities
    outbox: SandboxNotifier

    async def tell(self, event: Event) -> int:
        return await self.steps.tell_people(TellPeople(source="/hanse/test", event=event))

    async def tell_together(self, *events: Event) -> BatchTold:
        tellings = tuple(TellPeople(source="/hanse/test", event=event) for event in events)
        told: BatchTold = await ActivityEnvironment().run(self.steps.tell_batch, TellBatch(tellings=tellings))
        return told

    async def got(self, who: Person) -> list[Message]:
        return await self.outbox.latest(who.contact, 50)

    def paid(self, user_id: str, name: str = "order") -> OrderPaid:
        now = self.shop.clock()
        return OrderPaid(
            occurred_at=now,
            order_id=OrderId.derive(now, name),
            user_id=UserId(user_id),
            total=Money(minor=36_800),
            lines=(),
        )


@pytest.fixture
async def desk(database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI) -> AsyncIterator[Desk]:
    users, notices = await database("users"), NoticeStore(await database("notifications"))
    orders, outbox = OrderStore(await database("orders")), SandboxNotifier(tmp_path / "notices")
    async with open_shop(api, users, await database("ops"), redis_url, tmp_path) as shop:
        api.state.services.notices, api.state.services.settings = notices, Settings(environment="test")
        steps = NotificationActivities(notices, Reaching(users), orders, outbox, Language.ZH, shop.clock)
        yield Desk(shop, notices, orders, steps, outbox)


async def test_a_buyer_is_told_once_a_cause_in_the_language_they_chose(desk: Desk) -> None:
    anna = await desk.shop.customer()
    assert (await anna.http.get("/v1/notification-preferences")).json() == {"language": "zh"}
    assert [await desk.tell(desk.paid(anna.id)) for _ in range(2)] == [1, 1]
    assert (await anna.http.put("/v1/notification-preferences", json={"language": "en"})).status_code == 200
    await desk.tell(desk.paid(anna.id, "second"))
    english, chinese = await desk.got(anna)
    assert (english.subject, "¥368.00" in chinese.text) == ("We have your payment", True)
    assert [each.template for each in await desk.notices.sent_to(anna.id, limit=5)] == [Template.ORDER_PAID] * 2


async def test_an_event_that_cannot_be_told_of_holds_up_no_other_of_its_batch(desk: Desk) -> None:
    anna, now = await desk.shop.customer(), desk.shop.clock()
    nowhere = ShipmentSigned(
        occurred_at=now, order_id=OrderId.derive(now, "unknown"), shipment_id=ShipmentId.derive(now, "parcel")
    )
    events = (desk.paid(anna.id), nowhere, desk.paid(anna.id, "second"))
    for _ in range(2):
        assert await desk.tell_together(*events) == BatchTold(told=2, left=(1,))
    assert len(await desk.got(anna)) == 2


async def test_a_fault_that_meets_a_whole_batch_is_the_batch_s_and_what_can_never_be_told_does_not_hide_it(
    desk: Desk, tmp_path: Path
) -> None:
    anna, now = await desk.shop.customer(), desk.shop.clock()
    nowhere = ShipmentSigned(
        occurred_at=now, order_id=OrderId.derive(now, "unknown"), shipment_id=ShipmentId.derive(now, "parcel")
    )
    (tmp_path / "notices").write_text("a file where the outbox should be a folder")
    with pytest.raises(OSError, match="notices"):
        await desk.tell_together(desk.paid(anna.id), nowhere)
    assert await desk.tell_together(nowhere) == BatchTold(told=0, left=(0,))


async def test_a_message_that_was_sent_but_not_written_down_is_known_by_the_channel(desk: Desk) -> None:
    anna = await desk.shop.customer()
    await desk.tell(desk.paid(anna.id))
    (message,) = await desk.got(anna)
    await desk.outbox.send(message)
    assert len(await desk.got(anna)) == 1


async def test_who_an_order_belongs_to_is_told_of_its_parcels(desk: Desk) -> None:
    anna = await desk.shop.customer()
    order = await desk.orders.open_once(opening(user_id=anna.id))
    signed = ShipmentSigned(
        occurred_at=desk.shop.clock(),
        order_id=order.order_id,
        shipment_id=ShipmentId.derive(order.placed_at, "parcel"),
    )
    assert await desk.tell(signed) == 1
    assert order.order_id in (await desk.got(anna))[0].text


async def test_a_buyer_hears_of_each_change_of_an_after_sale_once(desk: Desk) -> None:
    anna, now = await desk.shop.customer(), desk.shop.clock()
    await anna.http.put("/v1/notification-preferences", json={"language": "en"})
    changes = [
        AftersaleChanged(
            occurred_at=now,
            aftersale_id=AftersaleId.derive(now, "case"),
            order_id=OrderId.derive(now, "order"),
            user_id=UserId(anna.id),
            kind=AftersaleKind.RETURN_REFUND,
            state=state,
            version=version,
            due_at=now if state is AftersaleState.AWAITING_RETURN else None,
        )
        for version, state in enumerate((AftersaleState.APPLIED, AftersaleState.AWAITING_RETURN), 1)
    ]
    for event in (*changes, changes[0]):
        await desk.tell(event)
    approved, applied = await desk.got(anna)
    assert applied.text.endswith("We have your request.")
    assert approved.text.endswith(f"book a pick-up. You have until {now:%Y-%m-%d %H:%M} UTC.")


async def test_operators_with_the_permission_are_told_and_nobody_else(desk: Desk) -> None:
    stock, finance = await desk.shop.operator("warehouse"), await desk.shop.operator("finance")
    now = desk.shop.clock()
    low = StockLow(
        occurred_at=now,
        warehouse_id=WarehouseId.derive(now, "house"),
        sku_id=SkuId.derive(now, "tea"),
        available=2,
        safety=0,
        low_at=3,
    )
    assert await desk.tell(low) == 1
    assert (len(await desk.got(stock)), len(await desk.got(finance))) == (1, 0)


async def test_what_someone_was_told_is_for_themselves_and_for_service(desk: Desk) -> None:
    anna, service = await desk.shop.customer(), await desk.shop.operator("service")
    await desk.tell(desk.paid(anna.id))
    path = f"/v1/operators/notices/{anna.id}"
    assert (await anna.http.get(path)).status_code == 403
    told = (await service.http.get(path)).json()["items"]
    assert [(each["template"], each["channel"]) for each in told] == [("order_paid", "email")]
    assert "text" not in told[0]
