"""The counter every test of this folder starts from."""

from collections.abc import AsyncIterator

import pytest

from hanse.database import Database
from stores.promotions.benefits import BenefitStore
from stores.promotions.coupons import CouponStore
from tests.databases import MigratedCopies
from tests.integration.coupons.counter import Counter


@pytest.fixture
async def counter(migrated_copies: MigratedCopies) -> AsyncIterator[Counter]:
    """Whatever a test did, the books must agree at its end."""
    name = await migrated_copies.create("promotions")
    db = await Database(migrated_copies.dsn(name), max_size=50).open()
    opened = Counter(CouponStore(db), BenefitStore(db), db)
    yield opened
    found = await opened.coupons.breaks()
    db.pool.terminate()
    await migrated_copies.drop(name)
    assert found == []
