"""Every notice can be written in both languages from the facts its event carries."""

import re

import pytest

from bus.asyncapi import example
from bus.catalog import known_events
from channels.notification.notices import notice
from models.notifications.rules import CAUSES
from models.notifications.types import Language, Template
from models.users.types import Contact

ANNA = Contact(kind="email", value="anna@example.com")
TOLD = sorted(set(CAUSES) & set(known_events()))


@pytest.mark.parametrize("event_type", TOLD)
def test_a_notice_has_its_facts_in_both_languages(event_type: str) -> None:
    facts = example(known_events()[event_type]).model_dump(mode="json")
    chinese, english = (
        notice(CAUSES[event_type].template, language, facts, ANNA, "key") for language in (Language.ZH, Language.EN)
    )
    assert chinese.text != english.text
    assert re.search(r"[\u4e00-\u9fff]", chinese.subject + chinese.text)
    assert not re.search(r"[\u4e00-\u9fff]", english.subject + english.text)
    assert not re.search(r"[{}]", chinese.text + english.text)


def test_money_and_words_of_events_are_said_as_people_say_them() -> None:
    facts = {
        "order_id": "ord_x",
        "refund_id": "rfd_x",
        "amount": {"minor": 36_800, "currency": "CNY"},
        "channel_code": "no_funds",
    }
    assert "¥368.00" in notice(Template.REFUND_REFUSED, Language.EN, facts, ANNA, "").text
    trouble = {"order_id": "ord_x", "shipment_id": "shp_x", "kind": "lost"}
    assert "丢失" in notice(Template.PARCEL_TROUBLE, Language.ZH, trouble, ANNA, "").text


def test_every_cause_has_an_event_or_belongs_to_a_domain_that_is_to_come() -> None:
    assert {name for name in CAUSES if name not in known_events()} <= {"hanse.aftersales.aftersale_changed.v1"}
    assert {cause.template for cause in CAUSES.values()} == set(Template)
