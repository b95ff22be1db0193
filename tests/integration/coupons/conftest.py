"""The counter every test of this folder starts from."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from stores.promotions import BenefitStore, CouponStore
from tests.databases import MigratedCopies
from tests.integration.coupons.counter import Counter

_GUARDED = "SELECT tgrelid::regclass::text AS table, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
_TABLES = (
    "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


@pytest.fixture(scope="module")
async def opened(migrated_copies: MigratedCopies) -> AsyncIterator[Database]:
    async with migrated_copies.lent("promotions", max_size=50) as database:
        yield database


@pytest.fixture
async def counter(opened: Database) -> AsyncIterator[Counter]:
    """Empty at first; whatever a test did, the books must agree at its end."""
    await _empty(opened)
    counter = Counter(CouponStore(opened), BenefitStore(opened), opened)
    yield counter
    assert await counter.coupons.breaks() == []


async def _empty(db: Database) -> None:
    """Quicker than a database of its own for each test. Triggers that keep what is written step aside, and come back."""
    async with db.transaction() as tx:
        guards = await tx.fetch(_GUARDED)
        for guard in guards:
            await tx.execute(f"ALTER TABLE {guard['table']} DISABLE TRIGGER {guard['tgname']}")
        await tx.execute(f"TRUNCATE {await tx.fetchval(_TABLES)} RESTART IDENTITY")
        for guard in guards:
            how = "ENABLE ALWAYS" if guard["tgenabled"] == b"A" else "ENABLE"
            await tx.execute(f"ALTER TABLE {guard['table']} {how} TRIGGER {guard['tgname']}")
