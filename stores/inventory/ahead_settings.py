"""Which levels sell ahead of stock, and what may be sold of a SKU, from stock and beyond it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection
from models.inventory.ahead import (
    AheadSale,
    AheadSetting,
    ClaimSearch,
    Sellable,
    outlook_room,
    ships_by,
)
from models.inventory.types import Claim, SellsAhead
from models.shared.ids import ClaimId, SkuId, WarehouseId
from models.shared.refusals import NotFound, StaleVersion
from stores.inventory.ahead_reserving import SOLD_AHEAD
from stores.inventory.buckets import SET_ASIDE, gather, scatter
from stores.inventory.claims import COLUMNS, claim_of, serve
from stores.inventory.room import Room

_SHOW = f"""
    SELECT s.warehouse_id, s.sku_id, coalesce(a.policy, 'never') AS policy, coalesce(a.ahead_limit, 0) AS "limit",
           a.within_days, a.release_at, s.claimed AS waiting, {SOLD_AHEAD} AS sold_ahead,
           coalesce(a.version, 0) AS version, a.changed_at, a.changed_by
    FROM stock s LEFT JOIN ahead_sales a USING (sku_id, warehouse_id)
"""
_SAID = """
    INSERT INTO ahead_sales (sku_id, warehouse_id, policy, ahead_limit, within_days, release_at, version, changed_at, changed_by)
    VALUES ($2, $1, $3, $4, $5, $6, 1, $7, $8)
    ON CONFLICT (sku_id, warehouse_id) DO UPDATE SET policy = excluded.policy, ahead_limit = excluded.ahead_limit,
        within_days = excluded.within_days, release_at = excluded.release_at, version = ahead_sales.version + 1,
        changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
_MOVE_RELEASE = """
    UPDATE claims SET not_before = $3, ships_by = $3, changed_at = $4
    WHERE warehouse_id = $1 AND sku_id = $2 AND policy = 'preorder' AND state IN ('open', 'filled')
"""
_SELLABLE = f"""
    SELECT s.sku_id, s.on_hand - s.reserved - s.safety + {SET_ASIDE} AS available, s.claimed, s.not_before,
           coalesce(a.policy, 'never') AS policy, coalesce(a.ahead_limit, 0) AS "limit", a.within_days, a.release_at,
           {SOLD_AHEAD} AS sold_ahead
    FROM stock s JOIN warehouses w USING (warehouse_id) LEFT JOIN ahead_sales a USING (sku_id, warehouse_id)
    WHERE s.sku_id = ANY($1::text[]) AND w.active
"""


class AheadSettings(Room):
    """The operator's side of selling ahead, and what buyers are told of it."""

    async def ahead_sale(self, warehouse_id: WarehouseId, sku_id: SkuId) -> AheadSale:
        """How the level sells ahead; `NotFound` for a SKU that never lay in this warehouse (receive none: count it as 0)."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                f"{_SHOW} WHERE s.warehouse_id = $1 AND s.sku_id = $2", warehouse_id, sku_id
            )
        if row is None:
            raise NotFound(f"No stock of {sku_id} was ever kept in {warehouse_id}. Count it first, be it as 0.")
        return AheadSale(**dict(row))

    async def set_ahead_sale(
        self,
        warehouse_id: WarehouseId,
        sku_id: SkuId,
        setting: AheadSetting,
        version: int,
        actor: str,
        now: datetime,
    ) -> tuple[AheadSale, tuple[Claim, ...]]:
        """What an operator decides, at work when this returns; and the claims that got goods by it.

        Claims that stand keep their place whatever the new policy is, since they were promised. A pre-order's other release
        moves those of its claims that have not left. One transaction under the level's lock. `NotFound`, `StaleVersion`.
        """
        await self.ahead_sale(warehouse_id, sku_id)
        level = [(warehouse_id, sku_id)]
        async with self._db.transaction() as connection:
            await connection.execute(
                "SELECT 1 FROM stock WHERE sku_id = $2 AND warehouse_id = $1 FOR NO KEY UPDATE", warehouse_id, sku_id
            )
            await _check_version(connection, warehouse_id, sku_id, version)
            await gather(connection, level)
            await connection.execute(
                _SAID,
                warehouse_id,
                sku_id,
                setting.policy,
                setting.limit,
                setting.within_days,
                setting.release_at,
                now,
                actor,
            )
            await connection.execute(
                "UPDATE stock SET not_before = $3 WHERE sku_id = $2 AND warehouse_id = $1",
                warehouse_id,
                sku_id,
                setting.release_at,
            )
            if setting.policy is SellsAhead.PREORDER:
                await connection.execute(_MOVE_RELEASE, warehouse_id, sku_id, setting.release_at, now)
            served = await serve(connection, level, now)
            await scatter(connection, level)
        return await self.ahead_sale(warehouse_id, sku_id), served

    async def sellable(self, sku_ids: Collection[SkuId], now: datetime) -> dict[SkuId, Sellable]:
        """What can be sold of each SKU now: from stock, and beyond it. One statement; only a reservation is a promise."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(_SELLABLE, list(sku_ids))
        found = {sku_id: Sellable(sku_id=sku_id) for sku_id in sku_ids}
        for row in rows:
            sku_id = row["sku_id"]
            found[sku_id] = _with_level(found[sku_id], row, now)
        return found

    async def claims(self, wanted: ClaimSearch, *, after: int = 0, limit: int = 100) -> Sequence[Claim]:
        """Claims in the order in which they were made, those behind the one with the number `after`."""
        asked = {name: value for name in ClaimSearch.model_fields if (value := getattr(wanted, name)) is not None}
        where = "".join(f" AND c.{name} = ${n}" for n, name in enumerate(asked, 3))
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT {COLUMNS} FROM claims c WHERE c.number > $1{where} ORDER BY c.number LIMIT $2",
                after,
                limit,
                *asked.values(),
            )
        return [claim_of(row) for row in rows]

    async def claim(self, claim_id: ClaimId) -> Claim:
        """One claim, or `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(f"SELECT {COLUMNS} FROM claims c WHERE c.claim_id = $1", claim_id)
        if row is None:
            raise NotFound(f"There is no claim {claim_id}.", claim_id=claim_id)
        return claim_of(row)


async def _check_version(connection: Connection, warehouse_id: WarehouseId, sku_id: SkuId, version: int) -> None:
    found = await connection.fetchval(
        "SELECT version FROM ahead_sales WHERE sku_id = $2 AND warehouse_id = $1", warehouse_id, sku_id
    )
    if (found or 0) != version:
        raise StaleVersion(
            f"Selling {sku_id} ahead in {warehouse_id} is at version {found or 0}, not {version}. Read it again and "
            "repeat the edit.",
            version=found or 0,
        )


def _with_level(before: Sellable, row: Record, now: datetime) -> Sellable:
    queues = row["claimed"] > 0 or (row["not_before"] is not None and row["not_before"] > now)
    in_stock = 0 if queues else max(row["available"], 0)
    if row["policy"] == SellsAhead.NEVER:
        return before.model_copy(update={"in_stock": before.in_stock + in_stock})
    setting = AheadSetting(**{name: row[name] for name in AheadSetting.model_fields})
    room = outlook_room(setting, row["sold_ahead"], now)
    changes: dict[str, object] = {"in_stock": before.in_stock + in_stock, "ahead": before.ahead + room}
    when = ships_by(setting, now) if room else None
    if when is not None and (before.ships_by is None or when < before.ships_by):
        changes |= {"policy": setting.policy, "ships_by": when}
    return before.model_copy(update=changes)
