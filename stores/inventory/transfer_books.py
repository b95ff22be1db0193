"""Reading transfers, and writing what a step of one does to stock and journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from hanse.database import Connection
from models.inventory.transfers import UNDER_WAY, Transfer, TransferLine, TransferState
from models.inventory.types import Claim, MovementReason, StockLevel
from models.shared.ids import SkuId, TransferId, WarehouseId
from models.shared.refusals import NotFound
from stores.inventory.buckets import gather, scatter
from stores.inventory.claims import serve
from stores.inventory.room import Room
from stores.inventory.stockkeeping import LEVEL_COLUMNS, level_of

_LINES = "SELECT * FROM transfer_lines WHERE transfer_id = ANY($1::text[]) ORDER BY transfer_id, sku_id"

_MAKE_ROWS = """
    INSERT INTO stock (warehouse_id, sku_id, merchant_id, on_hand, reserved, safety, low_at)
    SELECT $1, sku_id, $2, 0, 0, 0, 0 FROM unnest($3::text[]) AS n (sku_id) ORDER BY sku_id ON CONFLICT DO NOTHING
"""
_LOCK = f"""
    SELECT {LEVEL_COLUMNS} FROM stock s WHERE s.warehouse_id = $1 AND s.sku_id = ANY($2::text[])
    ORDER BY s.sku_id FOR NO KEY UPDATE
"""
_MOVE = f"""
    WITH part AS (
        SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS p (sku_id, delta, in_transit)
    ), moved AS (
        UPDATE stock s SET on_hand = s.on_hand + p.delta
        FROM part p WHERE (s.warehouse_id, s.sku_id) = ($1, p.sku_id)
        RETURNING {LEVEL_COLUMNS}, p.delta, p.in_transit
    ), journaled AS (
        INSERT INTO journal (warehouse_id, sku_id, delta, in_transit, on_hand_after, reason, reference, actor, note, at)
        SELECT warehouse_id, sku_id, delta, in_transit, on_hand, $5, $6, $7, $8, $9 FROM moved ORDER BY sku_id
    )
    SELECT * FROM moved ORDER BY sku_id
"""


class TransferBooks(Room):
    """Reads of transfers; none of them locks anything."""

    async def transfer(self, transfer_id: TransferId) -> Transfer:
        """One transfer; `NotFound` if there is none."""
        async with self._db.reader() as connection:
            return await read_transfer(connection, transfer_id)

    async def part_is_booked(self, transfer_id: TransferId, part: str) -> bool:
        """Whether goods arrived or were written off under this name."""
        async with self._db.reader() as connection:
            found: bool = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM operations WHERE operation IN ('transfer_in', 'transfer_lost') AND key = $1)",
                f"{transfer_id}/{part}",
            )
        return found

    async def transfers(
        self,
        *,
        state: TransferState | None = None,
        warehouse_id: WarehouseId | None = None,
        before: TransferId | None = None,
        limit: int = 100,
    ) -> Sequence[Transfer]:
        """Transfers, newest first, those older than `before`; of a warehouse those that leave it and those that come."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM transfers WHERE ($1::text IS NULL OR state = $1) "
                "AND ($2::text IS NULL OR $2 IN (from_warehouse_id, to_warehouse_id)) "
                f"AND ($3::text IS NULL OR transfer_id < $3) ORDER BY transfer_id DESC LIMIT {limit:d}",
                state,
                warehouse_id,
                before,
            )
            lines = await connection.fetch(_LINES, [row["transfer_id"] for row in rows])
        return [_transfer(row, [line for line in lines if line["transfer_id"] == row["transfer_id"]]) for row in rows]

    async def open_transfers(self) -> list[TransferId]:
        """The transfers that have not ended: planned, on their way, or on their way back."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT transfer_id FROM transfers WHERE state IN ('planned', 'in_transit', 'returning') "
                "ORDER BY transfer_id"
            )
        return [TransferId(row["transfer_id"]) for row in rows]


async def find_transfer(connection: Connection, transfer_id: TransferId, *, lock: bool = False) -> Transfer | None:
    """The transfer as it is, its row locked if that is asked; None if there is none."""
    row = await connection.fetchrow(
        f"SELECT * FROM transfers WHERE transfer_id = $1{' FOR NO KEY UPDATE' if lock else ''}", transfer_id
    )
    return _transfer(row, await connection.fetch(_LINES, [transfer_id])) if row else None


async def read_transfer(connection: Connection, transfer_id: TransferId, *, lock: bool = False) -> Transfer:
    """As `find_transfer`; `NotFound` if there is none."""
    found = await find_transfer(connection, transfer_id, lock=lock)
    if found is None:
        raise NotFound(f"There is no transfer {transfer_id}.")
    return found


def _transfer(row: Record, lines: Sequence[Record]) -> Transfer:
    left = TransferState(row["state"]) in UNDER_WAY
    return Transfer(
        **dict(row),
        lines=tuple(
            TransferLine(
                sku_id=SkuId(line["sku_id"]),
                quantity=line["quantity"],
                arrived=line["arrived"],
                returned=line["returned"],
                lost=line["lost"],
                in_transit=line["quantity"] - line["arrived"] - line["returned"] - line["lost"] if left else 0,
            )
            for line in lines
        ),
    )


async def locked_levels(
    connection: Connection, transfer: Transfer, warehouse_id: WarehouseId, sku_ids: Sequence[SkuId]
) -> dict[SkuId, StockLevel]:
    """The levels of these SKUs in one end of the transfer, locked in the order of SKUs; made with nothing in them where
    the SKU never lay there. What is split is gathered; `move` spreads it again."""
    await connection.execute(_MAKE_ROWS, warehouse_id, transfer.merchant_id, list(sku_ids))
    rows = await connection.fetch(_LOCK, warehouse_id, list(sku_ids))
    split = [(warehouse_id, SkuId(row["sku_id"])) for row in rows if row["split_over"]]
    if split:
        await gather(connection, split)
        rows = await connection.fetch(_LOCK, warehouse_id, list(sku_ids))
    return {SkuId(row["sku_id"]): level_of(row) for row in rows}


async def move(
    connection: Connection,
    transfer: Transfer,
    warehouse_id: WarehouseId,
    parts: Mapping[SkuId, int],
    reason: MovementReason,
    actor: str,
    at: datetime,
    note: str = "",
) -> tuple[dict[SkuId, StockLevel], tuple[Claim, ...]]:
    """Change on_hand by what leaves, comes or (for goods lost on their way) by nothing, and write it in the journal of that
    warehouse with what it does to the goods in transit. The levels, which must be locked, as that leaves them, and the claims
    that got what came."""
    sign = {MovementReason.TRANSFER_OUT: -1, MovementReason.TRANSFER_IN: 1, MovementReason.TRANSFER_LOST: 0}[reason]
    under_way = 1 if reason is MovementReason.TRANSFER_OUT else -1
    rows = await connection.fetch(
        _MOVE,
        warehouse_id,
        list(parts),
        [sign * units for units in parts.values()],
        [under_way * units for units in parts.values()],
        reason,
        transfer.transfer_id,
        actor,
        note,
        at,
    )
    waited_for = [(warehouse_id, SkuId(row["sku_id"])) for row in rows if row["claimed"]]
    served = await serve(connection, waited_for, at) if waited_for else ()
    await scatter(connection, [(warehouse_id, sku_id) for sku_id in parts])
    return {SkuId(row["sku_id"]): _level_in(row) for row in rows}, served


def _level_in(row: Record) -> StockLevel:
    """The level in a row that says more."""
    return StockLevel(**{name: row[name] for name in StockLevel.model_fields})
