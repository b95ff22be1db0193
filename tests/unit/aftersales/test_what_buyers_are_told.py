"""The message about each state: in both languages, with the facts that the buyer needs."""

import re
from datetime import UTC, datetime

import pytest

from channels.notification.texts import aftersale_changed
from models.aftersales.messages import TellBuyer
from models.aftersales.types import AftersaleState
from models.shared import Money
from models.shared.ids import AftersaleId, OrderId, UserId
from models.users.types import Contact

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANNA = Contact(kind="email", value="anna@example.com")


def told(state: AftersaleState, decision: str = "") -> TellBuyer:
    return TellBuyer(
        aftersale_id=AftersaleId.derive(NOW, "case"),
        order_id=OrderId.derive(NOW, "order"),
        user_id=UserId.derive(NOW, "anna"),
        state=state,
        amount=Money(minor=1_990),
        decision=decision,
        due_at=NOW,
    )


@pytest.mark.parametrize("state", list(AftersaleState))
def test_every_state_is_told_in_both_languages(state: AftersaleState) -> None:
    chinese, english, facts, *_ = aftersale_changed(ANNA, told(state)).text.splitlines()
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert re.search(r"[a-z]{3}", english)
    assert "afs_" in facts


def test_money_is_told_when_it_goes_back_and_the_reason_when_it_does_not() -> None:
    assert "19.90 CNY" in aftersale_changed(ANNA, told(AftersaleState.REFUNDED)).text
    rejected = aftersale_changed(ANNA, told(AftersaleState.REJECTED, "Nothing is to be seen.")).text
    assert "Nothing is to be seen." in rejected
    assert "19.90" not in rejected
    assert "2026-11-22 09:00 UTC" in rejected
