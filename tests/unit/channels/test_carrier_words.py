"""Waybill numbers, fault rules and how parcels travel by themselves: the sandbox carriers' pure half, and the table of states."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from channels.carrier.sandbox.depot import check_digit, waybill_of
from channels.carrier.sandbox.faults import MEANINGS, FaultRule
from channels.carrier.sandbox.journey import arrival, next_step
from channels.carrier.sandbox.pushes import plan_pushes
from channels.carrier.sandbox.types import Happening, Parcel
from channels.carrier.sandbox.wire import COMPANIES, Code, Party
from channels.carrier.sandbox_carrier import _STATE
from models.fulfillment.rules import NEXT_STATUS, TRACKING_MEANS, reported
from models.fulfillment.types import ShipmentStatus, TrackingEvent, TrackingState

T0 = datetime(2026, 11, 11, 12, tzinfo=UTC)
HERE, THERE = Party(country="CN", region="Beijing", city="Beijing"), Party(country="CN", region="Hainan", city="Haikou")


def test_every_word_of_the_carrier_has_a_state_and_every_state_a_meaning() -> None:
    assert set(_STATE) == set(get_args(Code))
    assert set(_STATE.values()) == set(TrackingState) == set(TRACKING_MEANS)
    for state, (status, kind) in TRACKING_MEANS.items():
        assert (status is ShipmentStatus.EXCEPTION) == (kind is not None), state
        assert status in NEXT_STATUS


def test_a_report_is_told_in_our_words_whatever_the_carrier_called_it() -> None:
    event = TrackingEvent(event_id="e", status="whatever", place="Beijing", at=T0)
    told = reported(TrackingState.OUT_FOR_DELIVERY, event, T0)
    assert (told.status, told.event.status, told.estimated_at) == (ShipmentStatus.SHIPPED, "out_for_delivery", T0)


@pytest.mark.parametrize("company", COMPANIES)
def test_a_waybill_number_follows_from_its_reference_and_carries_its_check_digit(company: str) -> None:
    numbers = [waybill_of(company, f"shp/{round_}") for round_ in (1, 2, 1)]  # type: ignore[arg-type]
    assert numbers[0] == numbers[2] != numbers[1]
    assert all(int(number[-1]) == check_digit(number[3:-1]) for number in numbers)


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert check_digit("7992739871") == 3


def test_rules_are_read_as_they_are_written() -> None:
    text = "lost@0.5,doubled:3*2/signed,unavailable/sandbox_relay"
    assert ",".join(rule.text() for rule in FaultRule.read(text)) == text
    assert all(FaultRule(fault=fault).strength == default for fault, (_, default) in MEANINGS.items())
    for wrong in ("gone", "lost@2", "lost/nowhere", "lost:x"):
        with pytest.raises(ValueError, match=wrong[:4]):
            FaultRule.read(wrong)


def test_a_share_hits_the_same_cases_every_time_and_about_so_many() -> None:
    rule = FaultRule(fault="lost", share=0.3)
    hits = [case for case in range(1000) if rule.chosen(7, case)]
    assert hits == [case for case in range(1000) if rule.chosen(7, case)]
    assert 240 < len(hits) < 360
    assert hits != [case for case in range(1000) if rule.chosen(8, case)]


def test_a_parcel_travels_step_by_step_and_stops_at_its_end_and_off_its_way() -> None:
    seen, status, at = [], "booked", T0
    while step := next_step("delivery", status, T0, timedelta(hours=10)):  # type: ignore[arg-type]
        assert step[1] > at
        status, at = step
        seen.append(status)
    assert seen == ["picked_up", "in_transit", "out_for_delivery", "delivered", "signed"]
    assert at == T0 + timedelta(hours=10)
    assert next_step("delivery", "lost", T0, timedelta(hours=10)) is None


def test_farther_takes_longer_and_the_relay_longer_still() -> None:
    near, far = (arrival("sandbox", HERE, to, T0, timedelta(0)) for to in (HERE, THERE))
    assert T0 < near < far < arrival("sandbox_relay", HERE, THERE, T0, timedelta(0))
    assert arrival("sandbox", HERE, THERE, T0, timedelta(minutes=5)) == T0 + timedelta(minutes=5)


def pushes(*faults: str) -> list[str]:
    """What the pushes of one event look like under these faults."""
    parcel = Parcel.model_validate(
        {
            **dict.fromkeys(("pickup_at", "next_code", "next_at")),
            "number": 1,
            "company": "sandbox",
            "waybill": "SBX1",
            "reference": "r",
            "kind": "delivery",
            "sender": HERE,
            "recipient": THERE,
            "weight_g": 1,
            "pieces": 1,
            "notify_url": "http://shop",
            "status": "signed",
            "booked_at": T0,
            "estimated_at": T0,
        }
    )
    event = Happening(event_id="evt_1", waybill="SBX1", code="signed", at=T0, place="Haikou", detail="")
    planned = plan_pushes(parcel, event, FaultRule.read(",".join(faults)), T0)
    return [f"{push.state} {push.disguise} {(push.send_at - T0).seconds}" for push in planned]


def test_faults_make_of_a_report_what_they_say() -> None:
    assert pushes() == ["waiting genuine 0"]
    assert pushes("lost") == ["lost genuine 0"]
    assert pushes("doubled:3") == ["waiting genuine 0"] * 3
    assert pushes("late:30") == ["waiting genuine 30"]
    assert pushes("forged") == ["waiting forged 0"]
    assert pushes("forged", "lost") == ["waiting forged 0"]
    assert pushes("stale") == ["waiting stale 0"]
    assert len(pushes("unknown_waybill", "garbled")) == 3
