"""Cases as rows: read whole, locked, written back."""

from typing import Any

from asyncpg import Record

from hanse.database import Connection
from models.aftersales.types import AftersaleCase
from models.shared import Money
from models.shared.ids import AftersaleId
from models.shared.refusals import NotFound

_AMOUNTS = ("proposed", "at_most", "refunded")


def case_unknown(aftersale_id: AftersaleId) -> NotFound:
    """There is no such case, or none that the caller may see."""
    return NotFound(
        f"There is no after-sale {aftersale_id}. List yours to see what there is.", aftersale_id=aftersale_id
    )


async def read_case(connection: Connection, aftersale_id: AftersaleId) -> AftersaleCase:
    """The case, or `NotFound`."""
    row = await connection.fetchrow("SELECT * FROM aftersales WHERE aftersale_id = $1", aftersale_id)
    if row is None:
        raise case_unknown(aftersale_id)
    return case_of_row(row)


async def lock_case(tx: Connection, aftersale_id: AftersaleId) -> AftersaleCase:
    """The case, its row locked until the transaction ends; `NotFound` if there is none."""
    row = await tx.fetchrow("SELECT * FROM aftersales WHERE aftersale_id = $1 FOR NO KEY UPDATE", aftersale_id)
    if row is None:
        raise case_unknown(aftersale_id)
    return case_of_row(row)


def case_of_row(row: Record) -> AftersaleCase:
    """A case from its row."""
    fields = dict(row)
    currency = fields.pop("currency")
    for amount in _AMOUNTS:
        minor = fields.pop(f"{amount}_minor")
        fields[amount] = None if minor is None else Money(minor=minor, currency=currency)
    return AftersaleCase.model_validate(fields)


def columns_of(case: AftersaleCase) -> dict[str, Any]:
    """A case as columns."""
    fields = case.model_dump(mode="python", exclude=set(_AMOUNTS))
    for amount in _AMOUNTS:
        money: Money | None = getattr(case, amount)
        fields[f"{amount}_minor"] = None if money is None else money.minor
    fields["currency"] = case.proposed.currency
    for name in ("lines", "accepted", "inspection"):
        fields[name] = [line.model_dump(mode="json") for line in getattr(case, name)]
    fields["evidence"] = list(case.evidence)
    fields["return_waybill"] = None if case.return_waybill is None else case.return_waybill.model_dump(mode="json")
    return fields


async def write_step(tx: Connection, case: AftersaleCase, actor: str, detail: str) -> None:
    """The line of the timeline that explains the case's present version."""
    await tx.execute(
        """
        INSERT INTO aftersale_timeline (aftersale_id, version, at, state, actor, detail) VALUES ($1, $2, $3, $4, $5, $6)
        """,
        case.aftersale_id,
        case.version,
        case.changed_at,
        case.state,
        actor,
        detail[:500],
    )
