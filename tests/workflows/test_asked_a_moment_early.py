"""The books are written before a step's answer is in Temporal: who reads them and asks at once is not refused."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from api.edge.sagas import ask_running, ask_until_heard
from models.fulfillment.errors import ParcelNotWaiting
from models.fulfillment.messages import ShipmentAnswer, SignOff
from models.fulfillment.types import ShipmentStatus
from models.shared import Refusal
from tests.workflows.parcels import WAYBILL, Parcel
from tests.workflows.scripted import Scripted
from workflows.fulfillment import Fulfillment


class Books:
    """They say so once, or for ever, that the wish fits."""

    def __init__(self, code: str, then: Callable[[], object] = lambda: None, *, ahead: bool = True) -> None:
        self.code, self.then, self.ahead = code, then, ahead
        self.looks = 0

    async def are_ahead(self, refusal: Refusal) -> bool:
        assert refusal.code == self.code
        self.looks += 1
        self.then()
        return self.ahead


async def _signed(parcel: Parcel) -> ShipmentAnswer:
    wish = SignOff(actor="operator:1", at=datetime.now(UTC))
    return await ask_running(parcel.handle, Fulfillment.sign_off, wish, "sign_off/1")


async def test_a_parcel_whose_waybill_only_the_books_know_is_signed_off_when_its_saga_has_heard(
    parcel: Parcel, steps: Scripted
) -> None:
    heard = asyncio.Event()

    async def booked_and_not_heard() -> None:
        await heard.wait()

    steps.meanwhile(WAYBILL, booked_and_not_heard)
    await parcel.start()
    await parcel.sagas.called(WAYBILL)
    books = Books(ParcelNotWaiting.code, heard.set)
    answer = await ask_until_heard(lambda: _signed(parcel), books.are_ahead)
    assert answer.status is ShipmentStatus.SIGNED
    assert books.looks >= 1


async def test_a_parcel_that_is_not_under_way_in_the_books_either_is_refused_at_once(
    parcel: Parcel, steps: Scripted
) -> None:
    steps.hang(WAYBILL)
    await parcel.start()
    await parcel.sagas.called(WAYBILL)
    books = Books(ParcelNotWaiting.code, ahead=False)
    with pytest.raises(Refusal) as refusal:
        await ask_until_heard(lambda: _signed(parcel), books.are_ahead)
    assert (refusal.value.code, books.looks) == (ParcelNotWaiting.code, 1)
