"""A stand-in for what starts CatalogSync, for tests of edits that need no Temporal: it remembers what it was told."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.service import RPCError, RPCStatusCode

from models.search.messages import PATIENCE, Scope
from models.shared.ids import SkuId, SpuId


@dataclass
class Heard:
    """What was to be followed, in order."""

    announced: list[Scope] = field(default_factory=list)
    over: list[tuple[Scope, bool]] = field(default_factory=list)
    """Which edit, and whether it changed anything."""
    turned: list[set[SkuId]] = field(default_factory=list)
    followed: list[Scope] = field(default_factory=list)

    async def announce(self, scope: Scope, _key: str, *, patience: timedelta = PATIENCE) -> None:
        self.announced.append(scope)

    async def ended(self, scope: Scope, _key: str, *, changed: bool) -> None:
        self.over.append((scope, changed))

    async def follow(self, scope: Scope) -> None:
        self.followed.append(scope)

    async def follow_and_wait(self, scope: Scope) -> None:
        self.followed.append(scope)

    async def stock_turned(self, sku_ids: Collection[SkuId]) -> None:
        if sku_ids:
            self.turned.append(set(sku_ids))

    async def wake(self, _spu_id: SpuId, _at: datetime, _now: datetime) -> None:
        return


class Away(Heard):
    """Temporal cannot be reached."""

    async def announce(self, scope: Scope, _key: str, *, patience: timedelta = PATIENCE) -> None:
        raise RPCError("nobody answers", RPCStatusCode.UNAVAILABLE, b"")
