"""The watch over parcels that nobody speaks of."""

from datetime import timedelta

from models.fulfillment.watching import SignedOff, SilentAsked, Watched
from tests.workflows.parcels import watched
from tests.workflows.sagas import Sagas
from tests.workflows.scripted import Scripted

ASK, SIGN = "tracking.ask_silent", "tracking.sign_off_delivered"


async def test_every_page_is_asked_and_signed_for_and_counted(sagas: Sagas, steps: Scripted) -> None:
    asked = [SilentAsked(asked=40, news=5, more=True), SilentAsked(asked=7, news=1, silent=2)]
    signed = [SignedOff(parcels=40, more=True), SignedOff(parcels=3)]
    steps.answer(ASK, lambda _: asked.pop(0))
    steps.answer(SIGN, lambda _: signed.pop(0))
    run = await watched(sagas)
    assert await run.result() == Watched(asked=47, news=6, silent=2, signed_off=43)
    (ask, *_), (sign, *_) = steps.told(ASK), steps.told(SIGN)
    assert sign.at - ask.silent_since == timedelta(hours=6)
    assert sign.at - sign.delivered_before == timedelta(days=7)


async def test_carriers_that_cannot_be_asked_keep_nobody_from_being_signed_for(sagas: Sagas, steps: Scripted) -> None:
    steps.fail(ASK)
    steps.answer(SIGN, SignedOff(parcels=1))
    assert await (await watched(sagas)).result() == Watched(signed_off=1, unfinished=True)


async def test_a_store_that_stumbles_is_asked_again(sagas: Sagas, steps: Scripted) -> None:
    steps.answer(ASK, SilentAsked())
    steps.fail(SIGN, times=2)
    steps.answer(SIGN, SignedOff(parcels=1))
    assert await (await watched(sagas)).result() == Watched(signed_off=1)
