"""Warehouses, as operators keep them."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record, UniqueViolationError

from models.inventory.errors import WarehouseCodeTaken
from models.inventory.types import Warehouse, WarehouseDetails
from models.shared.ids import WarehouseId
from models.shared.refusals import NotFound, StaleVersion
from stores.inventory.room import Room

_DETAILS = tuple(WarehouseDetails.model_fields)
_COLUMNS = ", ".join(("warehouse_id", "version", *_DETAILS))
_EDITABLE = tuple(field for field in _DETAILS if field != "merchant_id")


class Warehouses(Room):
    """Adding, editing and finding warehouses."""

    async def add_warehouse(self, warehouse_id: WarehouseId, details: WarehouseDetails, now: datetime) -> Warehouse:
        """A new warehouse, once: the same id again gives the warehouse as it is now. `WarehouseCodeTaken` by another."""
        values = ", ".join(f"${n}" for n in range(4, 4 + len(_DETAILS)))
        try:
            async with self._db.reader() as connection:
                await connection.execute(
                    f"INSERT INTO warehouses (warehouse_id, version, created_at, {', '.join(_DETAILS)}) "
                    f"VALUES ($1, $2, $3, {values}) ON CONFLICT (warehouse_id) DO NOTHING",
                    warehouse_id,
                    1,
                    now,
                    *(getattr(details, field) for field in _DETAILS),
                )
        except UniqueViolationError as taken:
            raise WarehouseCodeTaken.of(details.code) from taken
        return await self.warehouse(warehouse_id)

    async def edit_warehouse(self, warehouse_id: WarehouseId, details: WarehouseDetails, version: int) -> Warehouse:
        """Replace what is known about a warehouse, if nobody else did since `version` (`StaleVersion`).

        Its merchant stays what it was: `NotFound` for a warehouse of another merchant.
        """
        change = ", ".join(f"{field} = ${n}" for n, field in enumerate(_EDITABLE, 4))
        try:
            async with self._db.reader() as connection:
                row = await connection.fetchrow(
                    f"UPDATE warehouses SET version = version + 1, {change} "
                    f"WHERE warehouse_id = $1 AND merchant_id = $2 AND version = $3 RETURNING {_COLUMNS}",
                    warehouse_id,
                    details.merchant_id,
                    version,
                    *(getattr(details, field) for field in _EDITABLE),
                )
        except UniqueViolationError as taken:
            raise WarehouseCodeTaken.of(details.code) from taken
        if row is not None:
            return _warehouse(row)
        found = await self.warehouse(warehouse_id)
        if found.merchant_id != details.merchant_id:
            raise NotFound(f"Merchant {details.merchant_id} has no warehouse {warehouse_id}.")
        raise StaleVersion(
            f"{warehouse_id} is at version {found.version}, not {version}. Read it again and repeat the edit.",
            version=found.version,
        )

    async def warehouse(self, warehouse_id: WarehouseId) -> Warehouse:
        """One warehouse; `NotFound` if there is none."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM warehouses WHERE warehouse_id = $1", warehouse_id)
        if row is None:
            raise NotFound(f"There is no warehouse {warehouse_id}.")
        return _warehouse(row)

    async def warehouses(self, after: WarehouseId | None = None, limit: int = 100) -> Sequence[Warehouse]:
        """Warehouses in the order of their ids, those behind `after`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM warehouses WHERE warehouse_id > $1 ORDER BY warehouse_id LIMIT $2",
                after or "",
                limit,
            )
        return [_warehouse(row) for row in rows]


def _warehouse(row: Record) -> Warehouse:
    return Warehouse(**dict(row))
