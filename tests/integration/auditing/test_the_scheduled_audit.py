"""The process `Audit` on real servers: what is broken behind the stores' backs is found, named and shown; a shop in order is
clean."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hanse.blobs import LocalBlobs
from hanse.settings import Settings
from hanse.temporal import connect
from models.aftersales.types import AftersaleCase
from models.auditing.types import Invariant
from models.orders.types import Order, OrderStatus
from models.payments.messages import RefundLegState, RefundReport, ReleaseRefund, payment_of
from models.promotions.messages import HoldBenefits
from models.shared.ids import AftersaleId, OrderId
from stores.aftersales import AftersaleStore, EvidenceStore
from tests.conftest import OpenDatabase
from tests.integration.aftersales.desk import Desk
from tests.integration.auditing.hall import Hall, open_hall
from tests.integration.inventory.shop import line, sku
from tests.integration.orders.shop import BUYER, LATER
from tests.unit.orders.baskets import NOW

pytestmark = pytest.mark.stack
S = OrderStatus


@pytest.fixture
async def hall(temporal: str, settings: Settings, database: OpenDatabase) -> AsyncIterator[Hall]:
    hall = await open_hall(await connect(settings), database)
    yield hall
    for checkout in hall.checkouts:
        await checkout.terminate()


@pytest.fixture
def desk(hall: Hall, tmp_path: Path) -> Desk:
    return Desk(AftersaleStore(hall.aftersales), EvidenceStore(hall.aftersales, LocalBlobs(tmp_path)))


async def in_order(hall: Hall) -> Order:
    """A paid order that holds its money, its stock and its benefits; a cancelled one that holds nothing."""
    order = await hall.order("in order", S.PAID)
    await hall.pays(order.order_id, order.total.minor)
    await hall.stock.stock(await hall.stock.warehouse("a"), sku(), 100)
    await hall.stock.reserve(order.order_id, line(3))
    await hall.auditor.benefits.hold_all_or_nothing(HoldBenefits(order_id=order.order_id, user_id=BUYER, at=NOW))
    await hall.order("cancelled", S.CANCELLED, runs=False)
    return order


async def test_a_shop_in_order_is_clean(hall: Hall) -> None:
    await in_order(hall)
    told, details = await hall.audited()
    assert told.clean, details
    assert "| orders_and_workflows | 1 unfinished orders, " in details


async def test_money_that_waits_for_an_operators_decision_is_no_break(hall: Hall) -> None:
    """The refund of a cancelled order that its channel refused: somebody is asked already."""
    over = await hall.order("over", S.CANCELLED, runs=False)
    await hall.pays(over.order_id, over.total.minor)
    before = await hall.auditor.look(Invariant.ORDERS_AND_MONEY, LATER)
    assert [finding.check for finding in before.findings] == ["cancelled_but_kept"]
    held = await hall.till.hold(await hall.till.store.payment(payment_of(over.order_id)))
    for leg in held.legs:
        await hall.till.store.mark_leg_sent(leg.leg_id)
        await hall.till.store.record_leg(RefundReport(leg_id=leg.leg_id, state=RefundLegState.REFUSED), LATER)
    await hall.till.store.release_refund(ReleaseRefund(refund_id=held.refund_id, at=LATER, detail="no"))
    assert (await hall.auditor.look(Invariant.ORDERS_AND_MONEY, LATER)).findings == ()


async def plant(hall: Hall, desk: Desk) -> dict[tuple[str, str], str]:
    """Breaks of every kind that several stores, or a store and Temporal, must agree on; and where each is."""
    good = await in_order(hall)
    alone, unpaid = await hall.order("alone", runs=False), await hall.order("unpaid", S.PAID)
    over, nobody = await hall.order("over", S.CANCELLED), OrderId.derive(NOW, "nobody")
    await hall.pays(over.order_id, over.total.minor)
    await hall.pays(nobody, 500)
    await hall.stock.reserve(nobody, line(2))
    await hall.stock.db.pool.execute("UPDATE stock SET on_hand = on_hand + 1")
    await hall.auditor.benefits.hold_all_or_nothing(HoldBenefits(order_id=nobody, user_id=BUYER, at=NOW))
    left, closed, paid = await desk.open(), await desk.open(), await desk.open()
    ghost = AftersaleId.derive(NOW, "ghost")
    await _claim(hall, good, closed.aftersale_id, 1)
    await _claim(hall, good, ghost, 99)
    await _ends(hall, closed, "closed", None)
    await _ends(hall, paid, "refunded", 2_500)
    stock = (await hall.stock.store.levels())[0]
    return {
        ("stock", "on_hand_unexplained"): f"{stock.warehouse_id} {stock.sku_id}",
        ("orders", "claimed_above_bought"): good.order_id,
        ("aftersales", "paid_above_proposal"): paid.aftersale_id,
        ("orders_and_money", "payment_missing"): alone.order_id,
        ("orders_and_money", "kept_differs"): unpaid.order_id,
        ("orders_and_money", "cancelled_but_kept"): over.order_id,
        ("orders_and_money", "payment_without_order"): nobody,
        ("orders_and_workflows", "order_without_workflow"): alone.order_id,
        ("orders_and_workflows", "workflow_of_ended_order"): over.order_id,
        ("holds_and_workflows", "hold_without_workflow"): nobody,
        ("benefits_and_workflows", "benefits_without_workflow"): nobody,
        ("aftersales_and_money", "case_without_workflow"): left.aftersale_id,
        ("aftersales_and_money", "case_without_units"): left.aftersale_id,
        ("aftersales_and_money", "claim_left_behind"): closed.aftersale_id,
        ("aftersales_and_money", "refund_differs"): paid.aftersale_id,
        ("aftersales_and_money", "claim_without_case"): good.order_id,
    }


async def _claim(hall: Hall, order: Order, aftersale_id: AftersaleId, units: int) -> None:
    claimed = [{"sku_id": order.lines[0].sku_id, "quantity": units}]
    await hall.shop.db.pool.execute(
        "INSERT INTO order_claims VALUES ($1, $2, $3, NULL, $4)", aftersale_id, order.order_id, claimed, LATER
    )


async def _ends(hall: Hall, case: AftersaleCase, state: str, refunded: int | None) -> None:
    await hall.aftersales.pool.execute(
        "UPDATE aftersales SET state = $2, refunded_minor = $3, at_most_minor = proposed_minor, lowered_because = 'x'"
        " WHERE aftersale_id = $1",
        case.aftersale_id,
        state,
        refunded,
    )


async def test_each_planted_break_is_found_at_its_place_and_told_without_figures(
    hall: Hall, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    planted = await plant(hall, desk)
    with caplog.at_level(logging.WARNING, "temporalio.workflow"):
        told, details = await hall.audited()
    found = {
        (section.invariant.value, finding.check): finding.subject
        for section in [await hall.auditor.look(verdict.invariant, LATER) for verdict in told.verdicts]
        for finding in section.findings
    }
    assert found == planted
    assert {verdict.invariant: verdict.broken for verdict in told.verdicts if verdict.broken} == {
        invariant: sum(1 for name, _ in planted if name == invariant) for invariant, _ in planted
    }
    lines = [record.getMessage().split(" ({")[0] for record in caplog.records if "audit:" in record.getMessage()]
    assert sorted(lines) == sorted(
        f"audit: {invariant} is broken: {check} at {subject}" for (invariant, check), subject in planted.items()
    )
    assert not any(BUYER in line or "should hold" in line for line in lines)
    assert f"kept_differs at `checkout/{planted['orders_and_money', 'kept_differs']}`" in details
