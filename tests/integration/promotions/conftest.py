"""What tests of rules and purchase limits start from: an empty rulebook."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.promotions.rulebook import Rulebook, open_rulebook


@pytest.fixture
async def book(database: OpenDatabase) -> Rulebook:
    return open_rulebook(await database("promotions"))
