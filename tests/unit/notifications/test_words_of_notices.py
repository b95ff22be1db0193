"""Every notice can be written in both languages from the facts its event carries."""

import re
from typing import Any

import pytest

from bus.asyncapi import example
from bus.catalog import known_events
from channels.notification.notices import notice
from models.aftersales.types import AftersaleState
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


def aftersale(state: AftersaleState, language: Language, **more: Any) -> str:
    facts = {"order_id": "ord_x", "aftersale_id": "afs_x", "state": state.value, "refunded": None, "due_at": None}
    return notice(Template.AFTERSALE_CHANGED, language, facts | more, ANNA, "").text


@pytest.mark.parametrize("state", list(AftersaleState))
def test_every_state_of_an_after_sale_is_told_in_a_sentence_of_the_readers_language(state: AftersaleState) -> None:
    chinese, english = (aftersale(state, language) for language in (Language.ZH, Language.EN))
    assert re.search(r"：[\u4e00-\u9fff]{2}.*。$", chinese)
    assert not re.search(r"[a-z_]{4,}", chinese.replace("ord_x", "").replace("afs_x", ""))
    assert re.fullmatch(r"After-sale afs_x of order ord_x: [A-Z][a-z ,;.-]+[^_]*\.", english)
    assert english != chinese


def test_each_state_of_an_after_sale_has_a_sentence_of_its_own() -> None:
    for language in Language:
        assert len({aftersale(state, language) for state in AftersaleState}) == len(AftersaleState)


def test_a_buyer_hears_how_much_came_back_and_how_much_time_is_left() -> None:
    money, until = {"minor": 1_990, "currency": "CNY"}, "2026-11-22T09:00:00Z"
    assert aftersale(AftersaleState.REFUNDED, Language.EN, refunded=money).endswith(
        "Your money went back. It was ¥19.90."
    )
    assert aftersale(AftersaleState.REFUNDED, Language.ZH, refunded=money).endswith("退款已完成。金额：¥19.90。")
    assert aftersale(AftersaleState.REJECTED, Language.EN, due_at=until).endswith("until 2026-11-22 09:00 UTC.")
    assert aftersale(AftersaleState.REJECTED, Language.ZH, due_at=until).endswith("截止时间：2026-11-22 09:00 UTC。")


def test_every_cause_has_an_event() -> None:
    assert set(CAUSES) <= set(known_events())
    assert {cause.template for cause in CAUSES.values()} == set(Template)
