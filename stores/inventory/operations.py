"""Operations with a key take effect once: what was asked and answered is kept beside the change itself."""

from datetime import datetime
from typing import Any

from hanse.database import Connection
from models.inventory.errors import OperationKeyReused
from models.shared import Frozen


async def earlier_answer(connection: Connection, operation: str, key: str, asked: dict[str, Any]) -> Any | None:
    """What this key was answered before, None if it is new; `OperationKeyReused` if it asked for something else.

    Call it after the rows of the operation are locked: then a twin that ran at the same time has finished.
    """
    row = await connection.fetchrow(
        "SELECT asked, answered FROM operations WHERE operation = $1 AND key = $2", operation, key
    )
    if row is None:
        return None
    if row["asked"] != asked:
        raise OperationKeyReused.of(operation, key)
    return row["answered"]


async def remember(
    connection: Connection, operation: str, key: str, asked: dict[str, Any], answer: Frozen, now: datetime
) -> bool:
    """Keep the answer in the transaction of the change; False if another operation took the key meanwhile."""
    done: str = await connection.execute(
        "INSERT INTO operations (operation, key, asked, answered, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        operation,
        key,
        asked,
        answer.model_dump(mode="json"),
        now,
    )
    return done == "INSERT 0 1"
