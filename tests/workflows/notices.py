"""A notice of low stock, or of a chargeback, in a test."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WorkflowHandle

from models.inventory.messages import TellLowStock, low_stock_id
from models.inventory.types import LowStock
from models.payments.chargebacks import Chargeback, chargeback_told_id
from models.shared import Money
from models.shared.ids import AttemptId, ChargebackId, OrderId, PaymentId, SkuId, WarehouseId
from tests.workflows.sagas import Sagas
from workflows.chargeback_notice import ChargebackNotice
from workflows.low_stock import StockLowNotice

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)


def crossing(name: str) -> LowStock:
    return LowStock(
        warehouse_id=WarehouseId.derive(T0, "north"), sku_id=SkuId.derive(T0, name), available=2, safety=0, low_at=3
    )


async def notice(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """Two levels fell to their marks."""
    tell = TellLowStock(key=secrets.token_hex(8), crossings=(crossing("tea"), crossing("cup")), at=T0)
    return await sagas.start(StockLowNotice.run, tell, low_stock_id(tell.key))


def charged_back() -> Chargeback:
    """Of 100.00, of which 40.00 had gone back before."""
    return Chargeback(
        chargeback_id=ChargebackId.mint(T0, secrets.token_bytes(10)),
        attempt_id=AttemptId.derive(T0, "attempt"),
        payment_id=PaymentId.derive(T0, "payment"),
        order_id=OrderId.derive(T0, "order"),
        channel="sandbox_card",
        reference="CB-2291",
        amount=Money(minor=10_000),
        covered=Money(minor=6_000),
        reason="the bank wrote to us",
        source="operator",
        actor="operator:usr",
        occurred_at=T0,
        booked_at=T0,
    )


async def chargeback_notice(sagas: Sagas, booked: Chargeback) -> WorkflowHandle[Any, Any]:
    return await sagas.start(ChargebackNotice.run, booked, chargeback_told_id(booked.chargeback_id))
