"""A refusal becomes a problem document whatever its facts are called."""

import json
from datetime import UTC, datetime

import pytest

from api.edge.problems import problem, problem_of
from models.fulfillment.errors import IllegalShipmentStep
from models.orders.errors import IllegalTransition
from models.orders.rules import check_step
from models.orders.types import OrderStatus
from models.shared import Refusal
from models.shared.ids import OrderId


def test_facts_with_the_names_of_standard_members_neither_clash_nor_win() -> None:
    facts = {"status": "shipped", "code": "x", "title": "x", "type": "x", "trace_id": "x", "wanted": "picking"}
    answer = problem_of(IllegalShipmentStep("The parcel is shipped.", **facts))
    said = json.loads(bytes(answer.body))
    assert answer.status_code == said["status"] == 409
    assert (said["code"], said["title"]) == (IllegalShipmentStep.code, IllegalShipmentStep.title)
    assert (said["type"], said["detail"]) == ("/problems/illegal_shipment_step", "The parcel is shipped.")
    assert (said["trace_id"], said["wanted"]) == (None, "picking")


def test_a_fact_called_detail_does_not_clash_either() -> None:
    said = json.loads(bytes(problem(409, "some_code", "Title", "What happened.", detail="x").body))
    assert said["detail"] == "What happened."


def test_who_asks_for_an_illegal_step_hears_the_state_that_forbids_it() -> None:
    with pytest.raises(IllegalTransition) as raised:
        check_step(OrderId.derive(datetime(2026, 1, 1, tzinfo=UTC), "x"), OrderStatus.CANCELLED, OrderStatus.PAID)
    refusal: Refusal = raised.value
    said = json.loads(bytes(problem_of(refusal).body))
    assert (said["status"], said["state"], said["wanted"]) == (409, "cancelled", "paid")
