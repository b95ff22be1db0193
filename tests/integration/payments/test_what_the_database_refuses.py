"""The database refuses money that cannot be, whatever the code above it does."""

import asyncpg
import pytest

from tests.integration.payments.till import Till


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE payments SET captured_minor = amount_minor + 1",
        "UPDATE payments SET refunded_minor = captured_minor + 1",
        "UPDATE payments SET held_minor = -1",
        "UPDATE payments SET state = 'closed', closed_as = 'expired'",
        "UPDATE attempts SET refunded_minor = amount_minor + 1",
        "UPDATE attempts SET channel_transaction = NULL",
    ],
)
async def test_the_database_refuses_money_that_cannot_be(till: Till, nonsense: str) -> None:
    await till.paid()
    with pytest.raises(asyncpg.CheckViolationError):
        await till.db.pool.execute(nonsense)


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET number = DEFAULT", "DELETE FROM {}", "TRUNCATE {}"], ids=["update", "delete", "truncate"]
)
@pytest.mark.parametrize("table", ["ledger", "callbacks"])
async def test_books_and_callbacks_only_grow(till: Till, table: str, change: str) -> None:
    await till.paid()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await till.db.pool.execute(change.format(table))
