"""Goods that go from one warehouse to another: every unit is on_hand in one of them, in transit, or written off."""

from collections.abc import Mapping
from datetime import datetime

from hanse.database import Connection
from models.inventory.errors import (
    OperationKeyReused,
    TransferExceedsAvailable,
    TransferNotWaiting,
    WarehouseOfAnotherMerchant,
)
from models.inventory.messages import BookTransfer, OpenTransfer, TransferRef, TurnTransfer
from models.inventory.rules import crosses_low, total_by_sku
from models.inventory.transfers import UNDER_WAY, Transfer, TransferState, TransferStep, check_ends, to_book
from models.inventory.types import MAX_UNITS, Claim, LowStock, MovementReason, SkuQuantity, StockLevel
from models.shared.ids import MerchantId, SkuId, TransferId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from stores.inventory.buckets import SET_ASIDE
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.transfer_books import TransferBooks, find_transfer, locked_levels, move, read_transfer

_CALLED_OFF = "transfer_called_off"
_BOOK = """
    UPDATE transfer_lines l SET {column} = l.{column} + p.units
    FROM unnest($2::text[], $3::bigint[]) AS p (sku_id, units)
    WHERE (l.transfer_id, l.sku_id) = ($1, p.sku_id)
"""
_S = TransferState


class Transferring(TransferBooks):
    """What happens to transfers. Each step locks the transfer, then rows of one warehouse by SKU; nobody who holds stock
    rows waits for a transfer, so this cannot deadlock."""

    async def open_transfer(self, plan: OpenTransfer) -> Transfer:
        """Write down what shall go from where to where; nothing moves and nothing is promised yet.

        One transaction, once per transfer id: the same plan again is answered with the transfer as it is by then, another
        one with `OperationKeyReused`, one that was called off before it came with `TransferNotWaiting`. Refuses with
        `TransferToItself`, `NotFound` (a warehouse), `WarehouseOfAnotherMerchant`, and `TransferExceedsAvailable` for
        what the warehouse could not spare right now.
        """
        check_ends(plan.from_warehouse_id, plan.to_warehouse_id)
        asked = total_by_sku(plan.lines)
        async with self._db.transaction() as connection:
            await _lock_id(connection, plan.transfer_id)
            found = await find_transfer(connection, plan.transfer_id)
            if found is not None:
                return _the_same(found, plan, asked)
            if await earlier_answer(connection, _CALLED_OFF, plan.transfer_id, {}) is not None:
                raise TransferNotWaiting.of(plan.transfer_id, _S.CANCELLED, "new")
            merchant_id = await _merchant_of_both(connection, plan)
            rows = await connection.fetch(
                f"SELECT s.sku_id, greatest(s.on_hand - s.reserved - s.safety + {SET_ASIDE}, 0) AS available FROM stock s "
                "WHERE s.warehouse_id = $1 AND s.sku_id = ANY($2::text[])",
                plan.from_warehouse_id,
                list(asked),
            )
            _check_spared(plan.from_warehouse_id, asked, {row["sku_id"]: row["available"] for row in rows})
            await _insert(connection, plan, merchant_id, asked)
            return await read_transfer(connection, plan.transfer_id)

    async def cancel_transfer(self, ref: TransferRef) -> None:
        """Undo of opening: a planned transfer is cancelled; one never opened is remembered, so that it never will be.

        One transaction, idempotent. `TransferNotWaiting` when its goods have left.
        """
        async with self._db.transaction() as connection:
            await _lock_id(connection, ref.transfer_id)
            transfer = await find_transfer(connection, ref.transfer_id, lock=True)
            if transfer is None:
                called_off = TransferRef(transfer_id=ref.transfer_id, actor=ref.actor, at=ref.at)
                await remember(connection, _CALLED_OFF, ref.transfer_id, {}, called_off, ref.at)
            elif transfer.state is _S.PLANNED:
                await _is_now(connection, transfer, _S.CANCELLED, ref.at)
            elif transfer.state is not _S.CANCELLED:
                raise TransferNotWaiting.of(ref.transfer_id, transfer.state, "still in its warehouse")

    async def dispatch_transfer(self, ref: TransferRef) -> TransferStep:
        """The goods leave: on_hand of each line falls, all lines or none, and as much is in transit.

        One transaction, once per transfer: again is answered alike, thresholds crossed included. What is promised to
        orders or kept back from sale stays: `TransferExceedsAvailable` names each short line. `NotFound`;
        `TransferNotWaiting` when it was cancelled.
        """
        async with self._db.transaction() as connection:
            transfer = await read_transfer(connection, ref.transfer_id, lock=True)
            answered = await earlier_answer(connection, MovementReason.TRANSFER_OUT, ref.transfer_id, {})
            if answered is not None:
                return TransferStep.model_validate(answered)
            if transfer.state is not _S.PLANNED:
                raise TransferNotWaiting.of(ref.transfer_id, transfer.state, "waiting to leave")
            parts = {line.sku_id: line.quantity for line in transfer.lines}
            before = await locked_levels(connection, transfer, transfer.from_warehouse_id, list(parts))
            spared = {sku_id: level.available for sku_id, level in before.items()}
            _check_spared(transfer.from_warehouse_id, parts, spared)
            after, _ = await move(
                connection,
                transfer,
                transfer.from_warehouse_id,
                parts,
                MovementReason.TRANSFER_OUT,
                ref.actor,
                ref.at,
            )
            await connection.execute(
                "UPDATE transfers SET state = 'in_transit', left_at = $2, changed_at = $2 WHERE transfer_id = $1",
                ref.transfer_id,
                ref.at,
            )
            step = TransferStep(
                transfer=await read_transfer(connection, ref.transfer_id),
                warehouse_id=transfer.from_warehouse_id,
                booked=_quantities(parts),
                low_stock=_crossings(before, after),
            )
            await remember(connection, MovementReason.TRANSFER_OUT, ref.transfer_id, {}, step, ref.at)
            return step

    async def take_back_transfer(self, ref: TransferRef) -> TransferStep | None:
        """Undo of dispatching: what is on its way lies again where it came from, and the transfer is cancelled.

        One transaction, idempotent; None when nothing had left. A transfer that has not left is cancelled, so that a late
        dispatch is refused; one that has ended, or was never opened, is left alone.
        """
        async with self._db.transaction() as connection:
            transfer = await find_transfer(connection, ref.transfer_id, lock=True)
            if transfer is None or transfer.state is _S.COMPLETED:
                return None
            home, parts = transfer.from_warehouse_id, to_book(transfer, None)
            served: tuple[Claim, ...] = ()
            if parts:
                await locked_levels(connection, transfer, home, list(parts))
                back = MovementReason.TRANSFER_IN
                _, served = await move(connection, transfer, home, parts, back, ref.actor, ref.at, "taken back")
                await _count(connection, transfer, "returned", parts)
            if transfer.state is not _S.CANCELLED:
                await _is_now(connection, transfer, _S.CANCELLED, ref.at)
            transfer = await read_transfer(connection, ref.transfer_id)
            returned = _quantities({line.sku_id: line.returned for line in transfer.lines if line.returned})
            step = TransferStep(transfer=transfer, warehouse_id=home, booked=returned, served=served)
            return step if returned else None

    async def receive_transfer(self, book: BookTransfer) -> TransferStep:
        """Goods arrived, all or a part: they leave what is in transit and are on_hand where the transfer goes, which after a
        recall is where it came from. With the last unit the transfer is completed.

        One transaction, once per part. Refuses with `TransferExceedsTransit` (nothing is booked), `TransferNotWaiting`,
        `NotFound`, and `OperationKeyReused` for a part that was something else.
        """
        return await self._booked(book, MovementReason.TRANSFER_IN)

    async def write_off_transfer(self, book: BookTransfer) -> TransferStep:
        """Goods will not come: they leave what is in transit, and the journal of the warehouse that sent them says why.

        As `receive_transfer`; `InvalidRequest` without a reason.
        """
        if not book.reason:
            raise InvalidRequest("Say why the goods will not come; the journal keeps it.")
        return await self._booked(book, MovementReason.TRANSFER_LOST)

    async def recall_transfer(self, turn: TurnTransfer) -> Transfer:
        """Turn the goods round: what is in transit arrives where it came from. Idempotent; `TransferNotWaiting` when they
        have not left or all have arrived."""
        async with self._db.transaction() as connection:
            transfer = await read_transfer(connection, turn.transfer_id, lock=True)
            if transfer.state not in UNDER_WAY:
                raise TransferNotWaiting.of(turn.transfer_id, transfer.state, "on its way")
            if transfer.state is _S.IN_TRANSIT:
                await _is_now(connection, transfer, _S.RETURNING, turn.at)
            return await read_transfer(connection, turn.transfer_id)

    async def _booked(self, book: BookTransfer, reason: MovementReason) -> TransferStep:
        key = f"{book.transfer_id}/{book.part}"
        wording = {
            "lines": None if book.lines is None else {str(k): n for k, n in total_by_sku(book.lines).items()},
            "reason": book.reason,
        }
        async with self._db.transaction() as connection:
            transfer = await read_transfer(connection, book.transfer_id, lock=True)
            answered = await earlier_answer(connection, reason, key, wording)
            if answered is not None:
                return TransferStep.model_validate(answered)
            if transfer.state not in UNDER_WAY:
                raise TransferNotWaiting.of(book.transfer_id, transfer.state, "on its way")
            parts = to_book(transfer, book.lines)
            arrives = reason is MovementReason.TRANSFER_IN
            where = transfer.goes_to if arrives else transfer.from_warehouse_id
            levels = await locked_levels(connection, transfer, where, list(parts))
            if arrives:
                _check_room(levels, parts)
            _, served = await move(connection, transfer, where, parts, reason, book.actor, book.at, book.reason)
            home = where == transfer.from_warehouse_id
            await _count(connection, transfer, ("returned" if home else "arrived") if arrives else "lost", parts)
            left = transfer.in_transit - sum(parts.values())
            await _is_now(connection, transfer, transfer.state if left else _S.COMPLETED, book.at)
            step = TransferStep(
                transfer=await read_transfer(connection, book.transfer_id),
                warehouse_id=where,
                booked=_quantities(parts),
                served=served,
            )
            if not await remember(connection, reason, key, wording, step, book.at):
                raise OperationKeyReused.of(reason, key)
            return step


async def _lock_id(connection: Connection, transfer_id: TransferId) -> None:
    """Opening and calling off take turns also while there is no row to lock."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", transfer_id)


def _the_same(found: Transfer, plan: OpenTransfer, asked: Mapping[SkuId, int]) -> Transfer:
    ends = (found.from_warehouse_id, found.to_warehouse_id) == (plan.from_warehouse_id, plan.to_warehouse_id)
    if not ends or {line.sku_id: line.quantity for line in found.lines} != asked:
        raise OperationKeyReused.of("transfer", plan.transfer_id)
    return found


async def _merchant_of_both(connection: Connection, plan: OpenTransfer) -> MerchantId:
    ends = (plan.from_warehouse_id, plan.to_warehouse_id)
    rows = await connection.fetch(
        "SELECT warehouse_id, merchant_id FROM warehouses WHERE warehouse_id = ANY($1::text[])", list(ends)
    )
    owners = {row["warehouse_id"]: row["merchant_id"] for row in rows}
    for end in ends:
        if end not in owners:
            raise NotFound(f"There is no warehouse {end}. Add it first.")
    if len(set(owners.values())) > 1:
        raise WarehouseOfAnotherMerchant.of(*ends)
    return MerchantId(owners[ends[0]])


def _check_spared(warehouse_id: WarehouseId, asked: Mapping[SkuId, int], spared: Mapping[SkuId, int]) -> None:
    short = [(sku_id, n, spared.get(sku_id, 0)) for sku_id, n in asked.items() if n > spared.get(sku_id, 0)]
    if short:
        raise TransferExceedsAvailable.of(warehouse_id, short)


def _check_room(levels: Mapping[SkuId, StockLevel], parts: Mapping[SkuId, int]) -> None:
    for sku_id, units in parts.items():
        if levels[sku_id].on_hand + units > MAX_UNITS:
            raise InvalidRequest(f"{sku_id} would come to more than {MAX_UNITS} units; no stock may be above that.")


async def _insert(
    connection: Connection, plan: OpenTransfer, merchant_id: MerchantId, asked: Mapping[SkuId, int]
) -> None:
    await connection.execute(
        "INSERT INTO transfers (transfer_id, merchant_id, from_warehouse_id, to_warehouse_id, state, note, opened_by, "
        "opened_at, left_at, changed_at) VALUES ($1, $2, $3, $4, 'planned', $5, $6, $7, NULL, $7)",
        plan.transfer_id,
        merchant_id,
        plan.from_warehouse_id,
        plan.to_warehouse_id,
        plan.note,
        plan.actor,
        plan.at,
    )
    await connection.execute(
        "INSERT INTO transfer_lines (transfer_id, sku_id, quantity, arrived, returned, lost) "
        "SELECT $1, sku_id, quantity, 0, 0, 0 FROM unnest($2::text[], $3::bigint[]) AS l (sku_id, quantity)",
        plan.transfer_id,
        list(asked),
        list(asked.values()),
    )


async def _count(connection: Connection, transfer: Transfer, column: str, parts: Mapping[SkuId, int]) -> None:
    await connection.execute(_BOOK.format(column=column), transfer.transfer_id, list(parts), list(parts.values()))


async def _is_now(connection: Connection, transfer: Transfer, state: TransferState, at: datetime) -> None:
    await connection.execute(
        "UPDATE transfers SET state = $2, changed_at = $3 WHERE transfer_id = $1", transfer.transfer_id, state, at
    )


def _quantities(parts: Mapping[SkuId, int]) -> tuple[SkuQuantity, ...]:
    return tuple(SkuQuantity(sku_id=sku_id, quantity=units) for sku_id, units in parts.items())


def _crossings(before: Mapping[SkuId, StockLevel], after: Mapping[SkuId, StockLevel]) -> tuple[LowStock, ...]:
    return tuple(
        LowStock(**level.model_dump(include=set(LowStock.model_fields)))
        for sku_id, level in after.items()
        if crosses_low(before[sku_id].available, level.available, level.low_at)
    )
