"""What buyers and operators may still change, and until when."""

import asyncio
from datetime import timedelta

import pytest

from models.fulfillment.errors import AddressChanged
from models.fulfillment.messages import BookWaybill
from models.fulfillment.types import ExceptionKind, ShipmentStatus
from models.orders.errors import OrderAlreadyShipped, OrderNotOpen, PriceNotAdjustable
from models.orders.messages import AdjustPrice, ChangeAddress
from models.orders.types import CancelReason, InvoiceData, Order, OrderStatus
from models.shared import Money
from models.shared.ids import AddressId, OrderId
from models.shared.refusals import NotFound, StaleVersion
from tests.integration.orders.shop import HOME, LATER, OPERATOR, Shop, named, opening, to

OFFICE = HOME.model_copy(update={"line": "Office tower, floor 9"})


def move_to(order_id: OrderId) -> ChangeAddress:
    return ChangeAddress(
        order_id=order_id, address_id=named(AddressId, "office"), address=OFFICE, actor="buyer", at=LATER
    )


def cheaper(order: Order, minor: int) -> AdjustPrice:
    return AdjustPrice(
        order_id=order.order_id,
        key="a wish",
        new_total=Money(minor=minor),
        actor=f"operator:{OPERATOR}",
        why="scratched",
        version=order.version,
        at=LATER,
    )


async def test_the_address_changes_until_hand_over_and_is_told_without_personal_data(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    for _ in range(2):
        changed = await shop.orders.change_address(move_to(parcel.order_id))
        assert changed.address == OFFICE
    told = [entry for entry in await shop.orders.timeline(parcel.order_id) if entry.step == "address_changed"]
    assert [(entry.actor, entry.detail) for entry in told] == [("buyer", "")]
    assert (await shop.parcels.parcel_to_send(parcel.shipment_id)).address == OFFICE


async def test_the_address_of_a_shipped_order_stays(shop: Shop) -> None:
    parcel = await shop.shipped()
    with pytest.raises(OrderAlreadyShipped):
        await shop.orders.change_address(move_to(parcel.order_id))
    assert (await shop.orders.order(parcel.order_id)).address == HOME


async def test_a_parcel_that_waits_for_its_address_gets_a_new_one(shop: Shop) -> None:
    parcel = await shop.shipped()
    await shop.moved(parcel, ShipmentStatus.EXCEPTION, exception=ExceptionKind.ADDRESS_ERROR)
    assert (await shop.orders.change_address(move_to(parcel.order_id))).address == OFFICE


async def test_the_address_of_an_order_that_is_over_stays(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    await shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_USER))
    with pytest.raises(OrderNotOpen):
        await shop.orders.change_address(move_to(order.order_id))


async def test_a_waybill_booked_for_the_old_address_is_not_bound(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    await shop.moved(parcel, ShipmentStatus.OUTBOUND)
    sent = await shop.parcels.parcel_to_send(parcel.shipment_id)
    await shop.orders.change_address(move_to(parcel.order_id))
    booking = BookWaybill(shipment_id=parcel.shipment_id, order_id=parcel.order_id, carrier="sandbox", at=LATER)
    with pytest.raises(AddressChanged):
        await shop.parcels.bind_waybill_once(booking, "W1", sent)
    assert (await shop.booked(parcel)).waybill == "W1"


async def test_an_address_change_and_a_hand_over_at_once_agree_where_the_parcel_goes(shop: Shop) -> None:
    for number in range(15):
        (parcel,) = await shop.handed_over(str(number))
        await shop.moved(parcel, ShipmentStatus.OUTBOUND)
        changed, bound = await asyncio.gather(
            shop.orders.change_address(move_to(parcel.order_id)),
            shop.booked(parcel, waybill=f"W{number}"),
            return_exceptions=True,
        )
        order = await shop.orders.order(parcel.order_id)
        if isinstance(changed, OrderAlreadyShipped):
            assert order.address == HOME
            assert not isinstance(bound, BaseException)
        else:
            assert order.address == OFFICE
            assert isinstance(bound, AddressChanged) or not isinstance(bound, BaseException)


async def test_an_adjusted_price_is_apportioned_to_the_lines(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    adjusted = await shop.orders.adjust_price(cheaper(order, 4000))
    assert (adjusted.total, adjusted.discount) == (Money(minor=4000), Money(minor=1000))
    assert [line.discount.minor for line in adjusted.lines] == [400, 600]
    assert await shop.orders.order(order.order_id) == adjusted
    assert await shop.orders.adjust_price(cheaper(order, 4000)) == adjusted
    assert await shop.breaks() == []


async def test_who_saw_an_earlier_price_is_told_so(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    await shop.orders.check_price(cheaper(order, 4000))
    await shop.orders.adjust_price(cheaper(order, 4000))
    with pytest.raises(StaleVersion):
        await shop.orders.check_price(cheaper(order, 3000).model_copy(update={"actor": "operator:another"}))


async def test_a_change_of_the_price_that_is_done_again_late_changes_nothing(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    await shop.orders.adjust_price(cheaper(order, 4000))
    second = await shop.orders.adjust_price(cheaper(order, 4500).model_copy(update={"at": LATER + timedelta(hours=1)}))
    assert second.total == Money(minor=4500)
    assert await shop.orders.adjust_price(cheaper(order, 4000)) == second


@pytest.mark.parametrize("minor", [0, 5001])
async def test_a_price_above_the_quote_or_of_nothing_is_refused_before_anything_changes(shop: Shop, minor: int) -> None:
    order = await shop.orders.open_once(opening())
    with pytest.raises(PriceNotAdjustable):
        await shop.orders.check_price(cheaper(order, minor))
    assert await shop.orders.order(order.order_id) == order


async def test_a_price_is_not_adjusted_once_it_is_paid(shop: Shop) -> None:
    order = await shop.paid()
    for change in (shop.orders.check_price, shop.orders.adjust_price):
        with pytest.raises(PriceNotAdjustable):
            await change(cheaper(order, 4000))


async def test_an_address_that_changed_meanwhile_does_not_part_the_order_from_its_payment(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    await shop.orders.change_address(move_to(order.order_id))
    assert (await shop.orders.adjust_price(cheaper(order, 4000))).total == Money(minor=4000)


async def test_notes_and_invoice_data_are_kept(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    assert await shop.orders.invoice(order.order_id) is None
    company = InvoiceData(kind="company", title="Hanse Ltd", tax_id="91110108", email="tax@example.com")
    for invoice in (InvoiceData(kind="personal", title="Li Lei", email="li@example.com"), company):
        await shop.orders.set_invoice(order.order_id, invoice, "buyer", LATER)
    assert await shop.orders.invoice(order.order_id) == company
    first = await shop.orders.add_note(order.order_id, OPERATOR, "called, nobody there", LATER)
    second = await shop.orders.add_note(order.order_id, OPERATOR, "called again", LATER)
    assert await shop.orders.notes(order.order_id) == [first, second]
    with pytest.raises(NotFound):
        await shop.orders.add_note(opening("unknown").order_id, OPERATOR, "?", LATER)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "company", "title": "Hanse Ltd", "email": "a@b.c"},
        {"kind": "personal", "title": " ", "email": "a@b.c"},
        {"kind": "personal", "title": "Li", "email": "nonsense"},
        {"kind": "gift", "title": "Li", "email": "a@b.c"},
    ],
)
def test_invoice_data_that_makes_no_invoice_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="InvoiceData"):
        InvoiceData.model_validate(wrong)
