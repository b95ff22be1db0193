"""Many changes of stock in one call: all lines, or none and what is wrong with each."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from models.inventory.batches import BatchDone, BatchLine, delta_of, wrong_by_itself
from models.inventory.errors import BatchRefused, OperationKeyReused, SkuOfAnotherMerchant, StockIsReserved
from models.inventory.rules import crosses_low
from models.inventory.types import MAX_UNITS, Claim, LowStock, StockLevel
from models.shared.refusals import InvalidRequest, NotFound
from stores.inventory.buckets import Level, scatter
from stores.inventory.claims import serve
from stores.inventory.operations import earlier_answer, remember
from stores.inventory.room import Room
from stores.inventory.stock_lists import locked_rows

_OPERATION = "batch"
_WRITE = """
    WITH line AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
            AS l (warehouse_id, sku_id, delta, reason, note)
    ), moved AS (
        UPDATE stock s SET on_hand = s.on_hand + l.delta
        FROM line l WHERE (s.warehouse_id, s.sku_id) = (l.warehouse_id, l.sku_id)
        RETURNING s.warehouse_id, s.sku_id, s.on_hand, l.delta, l.reason, l.note
    )
    INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
    SELECT warehouse_id, sku_id, delta, on_hand, reason, $6, $7, note, $8 FROM moved ORDER BY warehouse_id, sku_id
"""

_Name = tuple[str, str]
_Problem = tuple[int, str, str]


class Batches(Room):
    """Batches by operators."""

    async def change_many(self, lines: Sequence[BatchLine], *, key: str, actor: str, now: datetime) -> BatchDone:
        """Receive, adjust and count, all lines or none, in one transaction; each is in the journal under the key.

        Idempotent by the key: the same lines again are answered alike, others refused with `OperationKeyReused`. Refuses
        with `BatchRefused`, which names every line that cannot be done and why: an unknown warehouse, another merchant's
        SKU, less than is promised to orders, a level named twice. Locks stock rows by (warehouse, SKU).
        """
        asked = {"lines": len(lines), "sha256": _digest(lines)}
        async with self._db.transaction() as connection:
            owners = {
                row["warehouse_id"]: row["merchant_id"]
                for row in await connection.fetch(
                    "SELECT warehouse_id, merchant_id FROM warehouses WHERE warehouse_id = ANY($1::text[])",
                    [line.warehouse_id for line in lines],
                )
            }
            names = dict.fromkeys(_name(line) for line in lines if line.warehouse_id in owners)
            rows = {(row["warehouse_id"], row["sku_id"]): row for row in await locked_rows(connection, names, owners)}
            answered = await earlier_answer(connection, _OPERATION, key, asked)
            if answered is not None:
                return BatchDone.model_validate(answered)
            problems = _problems(lines, owners, rows)
            if problems:
                raise BatchRefused.of(problems)
            deltas = [delta_of(line, rows[_name(line)]["on_hand"]) for line in lines]
            await connection.execute(
                _WRITE,
                [line.warehouse_id for line in lines],
                [line.sku_id for line in lines],
                deltas,
                [line.kind for line in lines],
                [line.note for line in lines],
                key,
                actor,
                now,
            )
            waited_for = [_level(line) for line in lines if rows[_name(line)]["claimed"]]
            served = await serve(connection, waited_for, now) if waited_for else ()
            done = _done([(rows[_name(line)], delta) for line, delta in zip(lines, deltas, strict=True)], served)
            await scatter(connection, [_level(line) for line in lines])
            if not await remember(connection, _OPERATION, key, asked, done, now):
                raise OperationKeyReused.of(_OPERATION, key)
            return done


def _name(line: BatchLine) -> _Name:
    return line.warehouse_id, line.sku_id


def _level(line: BatchLine) -> Level:
    return line.warehouse_id, line.sku_id


def _digest(lines: Sequence[BatchLine]) -> str:
    return hashlib.sha256("\n".join(line.model_dump_json() for line in lines).encode()).hexdigest()


def _problems(
    lines: Sequence[BatchLine], owners: Mapping[str, str], rows: Mapping[_Name, Record]
) -> Sequence[_Problem]:
    """What is wrong, for each line the first thing, in their order."""
    found: list[_Problem] = []
    first_seen: dict[_Name, int] = {}
    for number, line in enumerate(lines, 1):
        earlier = first_seen.setdefault(_name(line), number)
        if (wrong := wrong_by_itself(line)) is not None:
            found.append((number, InvalidRequest.code, wrong))
        elif earlier != number:
            found.append((number, InvalidRequest.code, f"changes the same level as line {earlier}"))
        elif line.warehouse_id not in owners:
            found.append((number, NotFound.code, f"there is no warehouse {line.warehouse_id}"))
        elif _name(line) not in rows:
            found.append((number, SkuOfAnotherMerchant.code, f"{line.sku_id} is stocked under another merchant"))
        else:
            found += _left_over(number, line, rows[_name(line)])
    return found


def _left_over(number: int, line: BatchLine, row: Record) -> list[_Problem]:
    remaining = row["on_hand"] + delta_of(line, row["on_hand"])
    if remaining < 0:
        return [(number, InvalidRequest.code, f"only {row['on_hand']} units lie there")]
    if remaining < row["reserved"]:
        promised = f"{row['reserved']} units are promised to orders, more than the {remaining} that would be left"
        return [(number, StockIsReserved.code, promised)]
    if remaining > MAX_UNITS:
        return [(number, InvalidRequest.code, f"no stock may be above {MAX_UNITS} units")]
    return []


def _done(changed: Sequence[tuple[Record, int]], served: Sequence[Claim]) -> BatchDone:
    levels, crossed = [], []
    for row, delta in changed:
        got = sum(c.quantity for c in served if (c.warehouse_id, c.sku_id) == (row["warehouse_id"], row["sku_id"]))
        kept_back = row["reserved"] + row["safety"]
        before = 0 if row["claimed"] else max(row["on_hand"] - kept_back, 0)
        after = max(row["on_hand"] + delta - kept_back - got, 0)
        kept = {name: row[name] for name in ("warehouse_id", "sku_id", "merchant_id", "safety", "low_at", "not_before")}
        level = StockLevel(
            **kept,
            on_hand=row["on_hand"] + delta,
            reserved=row["reserved"] + got,
            claimed=row["claimed"] - got,
            available=after,
        )
        levels.append(level)
        if crosses_low(before, after, level.low_at):
            crossed.append(LowStock(**level.model_dump(include=set(LowStock.model_fields))))
    return BatchDone(levels=tuple(levels), low_stock=tuple(crossed), served=tuple(served))
