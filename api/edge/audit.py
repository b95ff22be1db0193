"""Operators' actions are written down before they are tried and again when they ended.

    async with trail.action(who, "users.assign_roles", user_id, roles=["finance"]):
        await shop.users.roles.assign(...)

The log and the thing that changes are in two databases, so neither order is atomic; intent first means that nothing can
happen unseen: a crash between leaves an intent without an end.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
from pydantic import JsonValue

from api.edge.problems import current_trace_id
from api.edge.wired import Wired
from models.ops.audit import AuditNote, AuditPhase
from models.shared import Refusal
from models.shared.time import Clock
from models.users.types import Identity
from stores.audit_log import AuditLog


class AuditTrail:
    """Writes down what operators do in this request."""

    def __init__(self, log: AuditLog, clock: Clock, address: str) -> None:
        self._log = log
        self._clock = clock
        self._address = address

    @asynccontextmanager
    async def action(self, who: Identity, action: str, subject: str, **details: JsonValue) -> AsyncIterator[None]:
        """Write down the intent, run the block, write down how it ended. `details`: what was asked for, no personal data."""
        intent = AuditNote(
            at=self._clock(),
            operator_id=who.user_id,
            session_id=who.session_id,
            action=action,
            subject=subject,
            phase=AuditPhase.INTENDED,
            details=details,
            address=self._address,
            trace_id=current_trace_id(),
        )
        number = await self._log.append(intent)
        try:
            yield
        except Refusal as refusal:
            await self._end(intent, number, AuditPhase.REFUSED, code=refusal.code)
            raise
        except Exception as fault:
            await self._end(intent, number, AuditPhase.FAILED, fault=type(fault).__name__)
            raise
        await self._end(intent, number, AuditPhase.DONE)

    async def _end(self, intent: AuditNote, number: int, phase: AuditPhase, **details: JsonValue) -> None:
        end = {"at": self._clock(), "phase": phase, "details": details, "intent": number}
        await self._log.append(intent.model_copy(update=end))


async def _trail(request: Request, shop: Wired) -> AuditTrail:
    return AuditTrail(shop.audit_log, shop.clock, request.client.host if request.client else "unknown")


Audit = Annotated[AuditTrail, Depends(_trail)]
