"""`hanse replay-orders` on a made-up marketplace of seven orders, against the whole shop."""

from pathlib import Path

import pytest

from cli.replay.files import read_marketplace
from cli.replay.memory import Memory
from cli.replay.writing import write_script
from cli.replay_orders import replay
from tests.e2e.calls import Operator
from tests.e2e.running import RunningShop
from tests.replayed import Market

pytestmark = pytest.mark.stack


def _market() -> Market:
    market = Market()
    market.rows["sellers"].append(("seller-2", "13010", "campinas", "SP"))
    dear, cheap = ([("kettle", "seller-2", price, "1.00")] for price in ("9.00", "8.00"))
    market.order("dear", "shipped", lines=dear, paid=[("boleto", 1, "10.00")], at="2017-11-24T10:00:00Z")
    market.order("cheap", "shipped", lines=cheap, paid=[("boleto", 1, "9.01")], at="2017-11-24T10:30:00Z")
    vouchers = [("voucher", 1, "5.00"), ("voucher", 1, "0.50"), ("credit_card", 2, "20.00")]
    market.order("mixed", "processing", paid=vouchers, at="2017-11-24T11:00:00Z")
    said = [("4", "Adorei, bonito! fajuto", "2017-12-02"), ("1", "", "2017-12-03")]
    came, went = "2017-11-27T15:20:00Z", "2017-12-01T18:05:30Z"
    market.order("arrived", at="2017-11-24T11:30:00Z", carrier=came, delivered=went, reviews=said)
    market.order("called-off", "canceled", at="2017-11-24T12:00:00Z", reviews=[("1", "", "2017-12-02")])
    market.order("gone", "unavailable", lines=(), paid=[("debit_card", 1, "7.77")], at="2017-11-24T13:00:00Z")
    return market.order("begun", "created", at="2017-11-24T14:00:00Z")


async def _orders(operator: Operator) -> int:
    count, cursor = 0, ""
    while True:
        page = (await operator.get(f"/v1/operators/orders?limit=100{cursor}")).json()
        count += len(page["items"])
        if page["next"] is None:
            return count
        cursor = f"&cursor={page['next']}"


async def test_a_replay_agrees_with_its_files_and_repeating_it_doubles_nothing(
    shop: RunningShop, operator: Operator, tmp_path: Path
) -> None:
    script = write_script(read_marketplace(_market().write(tmp_path / "files")))
    word = await operator.post("/v1/operators/moderation-words", {"text": "fajuto", "verdict": "mask"})
    assert word.status_code == 201, word.text
    before = await _orders(operator)
    memory = Memory(tmp_path / "memory", script.fingerprint)
    settings = shop.settings.model_copy(update={"data_dir": tmp_path / "memory"})
    assert await replay(settings, script, memory)
    assert await _orders(operator) == before + 7
    assert await replay(settings, script, memory)
    lost = Memory(tmp_path / "another", script.fingerprint)
    assert await replay(shop.settings.model_copy(update={"data_dir": tmp_path / "another"}), script, lost)
    assert await _orders(operator) == before + 7
    review_id = memory.get("order", "arrived")["review_id"]
    assert lost.get("order", "arrived")["review_id"] == review_id
    review = (await operator.get(f"/v1/operators/reviews/{review_id}")).json()["review"]
    assert (review["stars"], review["main"]["shown"]) == (4, "Adorei, bonito! ******")
    rating = (await operator.get(f"/v1/products/{review['spu_id']}/reviews/summary")).json()
    assert rating["by_stars"] == [0, 0, 0, 1, 0]
