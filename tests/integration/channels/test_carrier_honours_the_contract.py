"""The sandbox carriers as the shop meets them: booked once, redirected, cancelled, asked, and believed only when signed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from channels.carrier.errors import (
    CarrierRefused,
    CarrierUnavailable,
    TrackingForged,
    TrackingMalformed,
    TrackingStale,
)
from channels.carrier.sandbox.wire import EventBody
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from models.fulfillment.types import Depot, ParcelToFetch, ParcelToSend, Shipment, ShipmentStatus, TrackingState
from models.orders.types import DeliveryAddress, LineRequest
from models.shared.ids import MerchantId, OrderId, ShipmentId, SkuId, WarehouseId
from tests.carriers import SECRET, CarriersAtHand, carriers_at_hand

T0 = datetime(2026, 11, 11, 12, tzinfo=UTC)
HOME = DeliveryAddress(
    recipient="林小海",
    phone="+8613800138000",
    country="CN",
    region="上海市",
    city="上海市",
    postal_code="200002",
    line="黄浦区外滩路 1 号",
)
ELSEWHERE = HOME.model_copy(update={"line": "南京路 2 号"})
NOWHERE = HOME.model_copy(update={"line": "1 Nowhere Street"})
DEPOT = Depot(name="House", region="北京市", city="北京市")


def parcel(name: str = "parcel", address: DeliveryAddress = HOME, packing: int = 1) -> ParcelToSend:
    """A parcel that waits for its waybill."""
    shipment = Shipment(
        shipment_id=ShipmentId.derive(T0, name),
        order_id=OrderId.derive(T0, name),
        merchant_id=MerchantId.derive(T0, "shop"),
        warehouse_id=WarehouseId.derive(T0, "house"),
        items=(LineRequest(sku_id=SkuId.derive(T0, "tea"), quantity=2),),
        status=ShipmentStatus.OUTBOUND,
        round=packing,
        created_at=T0,
        version=1,
    )
    return ParcelToSend(shipment=shipment, address=address, weight_g=900, depot=DEPOT)


def coming_back(name: str = "afs") -> ParcelToFetch:
    """A parcel that waits for its pick-up."""
    return ParcelToFetch(reference=name, address=HOME, depot=DEPOT, weight_g=900, pieces=2)


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CarriersAtHand]:
    async with carriers_at_hand(tmp_path_factory.mktemp("carriers")) as carriers:
        yield carriers


@pytest.fixture
async def carriers(shared: CarriersAtHand) -> AsyncIterator[CarriersAtHand]:
    """The shared carriers, without faults before and after the test."""
    yield shared
    await shared.faults()


async def states(carriers: CarriersAtHand, waybill: str) -> list[str]:
    """The states of a parcel's history."""
    return [report.event.status for report in await carriers.quick.tracking(waybill)]


async def test_a_parcel_is_booked_once_for_each_packing(carriers: CarriersAtHand) -> None:
    first, again, packed_anew = [
        await carriers.quick.book_waybill(parcel("once", packing=packing)) for packing in (1, 1, 2)
    ]
    assert first == again
    assert first.number != packed_anew.number
    assert first.estimated_at is not None
    assert first.estimated_at > datetime.now(UTC)
    assert await states(carriers, first.number) == ["booked"]
    relayed = await carriers.relay.book_waybill(parcel("once"))
    assert (first.number[:3], relayed.number[:3]) == ("SBX", "SBR")


async def test_another_address_redirects_the_parcel_as_long_as_it_is_under_way(carriers: CarriersAtHand) -> None:
    booked = await carriers.quick.book_waybill(parcel("astray"))
    await carriers.moves(booked.number, "address_problem")
    assert await carriers.quick.book_waybill(parcel("astray", ELSEWHERE)) == booked
    assert await states(carriers, booked.number) == ["booked", "address_problem", "in_transit"]
    await carriers.moves(booked.number, "signed")
    with pytest.raises(CarrierRefused) as refusal:
        await carriers.quick.book_waybill(parcel("astray", HOME))
    assert refusal.value.fields["reason"] == "parcel_over"


async def test_an_address_that_is_not_there_is_refused_for_good(carriers: CarriersAtHand) -> None:
    with pytest.raises(CarrierRefused) as refusal:
        await carriers.quick.book_waybill(parcel("nowhere", NOWHERE))
    assert refusal.value.fields["reason"] == "address_unknown"


async def test_a_return_is_fetched_once_and_called_off_until_the_carrier_has_it(carriers: CarriersAtHand) -> None:
    booked = await carriers.quick.book_return(coming_back())
    assert booked == await carriers.quick.book_return(coming_back())
    assert booked.pickup_at is not None
    await carriers.quick.cancel("afs")
    await carriers.quick.cancel("afs")
    await carriers.quick.cancel("never booked")
    assert await states(carriers, booked.number) == ["booked", "cancelled"]
    other = await carriers.quick.book_return(coming_back("afs 2"))
    await carriers.moves(other.number, "picked_up")
    with pytest.raises(CarrierRefused):
        await carriers.quick.cancel("afs 2")


async def test_history_is_told_in_the_order_of_its_times_and_unknown_numbers_have_none(
    carriers: CarriersAtHand,
) -> None:
    booked = await carriers.quick.book_waybill(parcel("history"))
    for code, at in (("signed", "2017-11-20T10:00:00Z"), ("picked_up", "2017-11-15T09:30:00Z")):
        await carriers.moves(booked.number, code, at=at, place="São Paulo")
    reports = await carriers.quick.tracking(booked.number)
    assert [report.event.status for report in reports] == ["collected", "signed", "booked"]
    assert (reports[0].event.place, reports[0].status) == ("São Paulo", ShipmentStatus.SHIPPED)
    assert await carriers.quick.tracking("SBX0000000000000000000") == ()
    assert await carriers.relay.tracking(booked.number) == (), "it is the other company's"


async def test_a_label_is_a_pdf_with_the_parcels_number(carriers: CarriersAtHand) -> None:
    booked = await carriers.quick.book_waybill(parcel("label", HOME.model_copy(update={"line": "很长的路" * 60})))
    pdf = await carriers.quick.label(booked.number)
    assert pdf.startswith(b"%PDF-")
    assert pdf == await carriers.quick.label(booked.number)
    assert len(pdf) < 20_000
    with pytest.raises(CarrierRefused):
        await carriers.quick.label("SBX1")


@pytest.mark.parametrize("fault", ["unavailable/sandbox", "unavailable:429"])
async def test_a_carrier_that_cannot_answer_is_unavailable_and_not_refusing(
    carriers: CarriersAtHand, fault: str
) -> None:
    rule = {"fault": "unavailable", "on": "sandbox"} if "/" in fault else {"fault": "unavailable", "value": 429}
    await carriers.faults(rule)
    for call in (
        carriers.quick.book_waybill(parcel("down")),
        carriers.quick.tracking("SBX1"),
        carriers.quick.label("SBX1"),
        carriers.quick.cancel("x"),
    ):
        with pytest.raises(CarrierUnavailable):
            await call
    if "/" in fault:
        assert (await carriers.relay.book_waybill(parcel("down"))).number.startswith("SBR")


async def test_only_the_merchant_is_let_in_and_only_once(carriers: CarriersAtHand) -> None:
    answers = [
        await carriers.http.get("/v1/sandbox/waybills/SBX1"),
        await carriers.http.post("/v1/sandbox/waybills", content=b"x" * 70_000),
        await carriers.http.get("/v1/nobody/waybills/SBX1"),
    ]
    assert [answer.status_code for answer in answers] == [401, 413, 401]


def push(
    secret: str = SECRET, *, ago: float = 0, body: bytes | None = None, **facts: object
) -> tuple[dict[str, str], bytes]:
    """A push as the carrier signs it, or as somebody else does."""
    event = EventBody(
        event_id="evt_1", company="sandbox", waybill="SBX1", code="signed", at=T0, place="Haikou", estimated_at=T0
    ).model_copy(update=facts)
    raw = event.model_dump_json().encode() if body is None else body
    return {CALLBACK_HEADER: sign_callback(secret, int((T0 - timedelta(seconds=ago)).timestamp()), raw)}, raw


def test_a_signed_push_is_read_and_any_other_is_not_believed(shared: CarriersAtHand) -> None:
    read = shared.quick.parse_push(*push(), T0)
    assert (read.waybill, read.report.event.status, read.report.event.at) == ("SBX1", TrackingState.SIGNED, T0)
    headers, raw = push()
    wrong: list[tuple[tuple[dict[str, str], bytes], type[Exception]]] = [
        (push("another secret, as long as the first one"), TrackingForged),
        ((headers, raw.replace(b"Haikou", b"Sanya!")), TrackingForged),
        (push(ago=301), TrackingStale),
        (push(ago=-301), TrackingStale),
        (({}, raw), TrackingMalformed),
        (({CALLBACK_HEADER: "t=x,v1=y"}, raw), TrackingMalformed),
        (push(body=b'{"event_id": "half'), TrackingMalformed),
        (push(body=b"\xff\xfe"), TrackingMalformed),
        (push(code="eaten"), TrackingMalformed),
        (push(company="sandbox_relay"), TrackingMalformed),
    ]
    for told, refusal in wrong:
        with pytest.raises(refusal):
            shared.quick.parse_push(*told, T0)


async def test_the_operators_page_shows_every_parcel_and_runs_no_script(tmp_path: Path) -> None:
    async with carriers_at_hand(tmp_path) as carriers:
        booked = await carriers.quick.book_waybill(
            parcel("page", HOME.model_copy(update={"recipient": "<script>alert(1)</script>"}))
        )
        page: httpx.Response = await carriers.http.get("/")
        assert booked.number in page.text
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        pressed = await carriers.http.post(f"/parcels/{booked.number}/press", data={"code": "picked_up"})
        assert pressed.status_code == 303
        assert await states(carriers, booked.number) == ["booked", "collected"]
        assert (await carriers.http.post("/parcels/SBX1/moves", json={"code": "lost"})).status_code == 404
