"""How each merchant's orders are spread over its warehouses; reserving reads it with the stock itself."""

from datetime import datetime

from models.inventory.allocation import AllocationStrategy, MerchantAllocation
from models.shared.ids import MerchantId
from models.shared.refusals import NotFound, StaleVersion
from stores.inventory.room import Room

_READ = """
    SELECT m.merchant_id, a.strategy, a.version, a.changed_at, a.changed_by
    FROM (SELECT merchant_id FROM warehouses WHERE merchant_id = $1 LIMIT 1) m LEFT JOIN allocations a USING (merchant_id)
"""
_CHANGE = """
    INSERT INTO allocations (merchant_id, strategy, version, changed_at, changed_by)
    SELECT $1, $2, 1, $4, $5 WHERE $3::integer = 0
    ON CONFLICT (merchant_id) DO NOTHING
    RETURNING version
"""


class Allocating(Room):
    """Choosing strategies. The next reservation goes by the new one; what is held stays where it is held."""

    async def allocation(self, merchant_id: MerchantId) -> MerchantAllocation:
        """The merchant's strategy, the usual one if nobody chose; `NotFound` for a merchant without any warehouse."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(_READ, merchant_id)
        if row is None:
            raise NotFound(f"Merchant {merchant_id} has no warehouse.")
        if row["strategy"] is None:
            return MerchantAllocation(merchant_id=merchant_id)
        return MerchantAllocation(**dict(row))

    async def choose_allocation(
        self, merchant_id: MerchantId, strategy: AllocationStrategy, version: int, actor: str, now: datetime
    ) -> MerchantAllocation:
        """Choose how the merchant's orders are spread, if nobody did since `version` (`StaleVersion`). `NotFound` as above."""
        await self.allocation(merchant_id)
        async with self._db.reader() as connection:
            changed = await connection.fetchval(_CHANGE, merchant_id, strategy, version, now, actor)
            changed = changed or await connection.fetchval(
                "UPDATE allocations SET strategy = $2, version = version + 1, changed_at = $4, changed_by = $5 "
                "WHERE merchant_id = $1 AND version = $3 RETURNING version",
                merchant_id,
                strategy,
                version,
                now,
                actor,
            )
        if changed is None:
            found = await self.allocation(merchant_id)
            raise StaleVersion(
                f"The strategy of {merchant_id} is at version {found.version}, not {version}. Read it again and repeat "
                "the edit.",
                version=found.version,
            )
        return MerchantAllocation(
            merchant_id=merchant_id, strategy=strategy, version=changed, changed_at=now, changed_by=actor
        )
