"""One transfer in a test: from warehouse a to warehouse b."""

from dataclasses import dataclass, field

from models.inventory.messages import BookTransfer, OpenTransfer, TransferRef, TurnTransfer
from models.inventory.transfers import Transfer, TransferStep
from models.inventory.types import SkuQuantity, Warehouse
from models.shared.ids import TransferId
from tests.integration.inventory.shop import NOW, Shop, line


@dataclass
class Lorry:
    """What is loaded on it, and every step it can take."""

    shop: Shop
    start: Warehouse
    end: Warehouse
    load: tuple[SkuQuantity, ...] = field(default_factory=lambda: (line(8), line(3, "cup")))
    name: str = "lorry"

    @property
    def transfer_id(self) -> TransferId:
        return TransferId.derive(NOW, self.name)

    @property
    def ref(self) -> TransferRef:
        return TransferRef(transfer_id=self.transfer_id, actor="mei", at=NOW)

    async def plan(self, *load: SkuQuantity) -> Transfer:
        return await self.shop.store.open_transfer(
            OpenTransfer(
                transfer_id=self.transfer_id,
                from_warehouse_id=self.start.warehouse_id,
                to_warehouse_id=self.end.warehouse_id,
                lines=load or self.load,
                note="for the feast",
                actor="mei",
                at=NOW,
            )
        )

    async def leave(self) -> TransferStep:
        return await self.shop.store.dispatch_transfer(self.ref)

    async def arrive(self, part: str, *lines: SkuQuantity) -> TransferStep:
        return await self.shop.store.receive_transfer(self._part(part, lines))

    async def lose(self, part: str, *lines: SkuQuantity, reason: str = "fell off") -> TransferStep:
        return await self.shop.store.write_off_transfer(self._part(part, lines, reason))

    async def turn(self) -> Transfer:
        turn = TurnTransfer(transfer_id=self.transfer_id, actor="mei", reason="not needed", at=NOW)
        return await self.shop.store.recall_transfer(turn)

    def _part(self, part: str, lines: tuple[SkuQuantity, ...], reason: str = "") -> BookTransfer:
        return BookTransfer(
            transfer_id=self.transfer_id, part=part, lines=lines or None, actor="mei", at=NOW, reason=reason
        )

    async def on_hand(self) -> tuple[int, int]:
        """Units of tea at both ends."""
        levels = await self.shop.store.levels(sku_id=line(1).sku_id)
        at = {level.warehouse_id: level.on_hand for level in levels}
        return at.get(self.start.warehouse_id, 0), at.get(self.end.warehouse_id, 0)
