"""A desk of after-sales, and short words for what happens at it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.aftersales.messages import AdvanceCase, Application, CaseChanges, OpenCase
from models.aftersales.types import AftersaleCase, AftersaleKind, AftersaleReason, AftersaleState, StoredEvidence
from models.orders.types import LineRequest
from models.payments.messages import payment_of
from models.shared import Money
from models.shared.ids import AftersaleId, EvidenceId, OrderId, SkuId, UserId
from stores.aftersales import AftersaleStore, EvidenceStore
from tests.integration.products.catalogue import picture

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TEA = SkuId.derive(NOW, "tea")


@dataclass
class Desk:
    """The cases of one buyer, who is new in each test."""

    cases: AftersaleStore
    pictures: EvidenceStore
    buyer: UserId = field(default_factory=lambda: UserId.mint(NOW, secrets.token_bytes(10)))

    async def upload(self, content: bytes | None = None, user_id: UserId | None = None) -> StoredEvidence:
        evidence_id = EvidenceId.mint(NOW, secrets.token_bytes(10))
        return await self.pictures.keep(content or picture(), evidence_id, user_id or self.buyer, NOW)

    def application(self, *evidence: EvidenceId, **more: Any) -> Application:
        order_id = OrderId.mint(NOW, secrets.token_bytes(10))
        told: dict[str, Any] = {
            "aftersale_id": AftersaleId.derive(NOW, order_id),
            "order_id": order_id,
            "user_id": self.buyer,
            "kind": AftersaleKind.REFUND_ONLY,
            "reason": AftersaleReason.DAMAGED,
            "lines": (LineRequest(sku_id=TEA, quantity=2),),
            "evidence": evidence,
            "at": NOW,
        }
        return Application(**told | more)

    async def open(self, *evidence: EvidenceId, **more: Any) -> AftersaleCase:
        return await self.opened(self.application(*evidence, **more))

    async def opened(self, application: Application) -> AftersaleCase:
        ask = OpenCase(
            application=application, payment_id=payment_of(application.order_id), proposed=Money(minor=2_000)
        )
        case, _ = await self.cases.open_once(ask)
        return case

    async def move(self, case: AftersaleCase, to: AftersaleState, **changes: Any) -> AftersaleCase:
        step = AdvanceCase(
            aftersale_id=case.aftersale_id,
            version=case.version,
            to=to,
            at=NOW,
            actor="operator:1",
            detail="a step",
            changes=CaseChanges(**changes),
        )
        return await self.cases.advance(step)
