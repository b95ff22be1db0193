"""The catalogue every test of this folder starts from."""

from pathlib import Path

import pytest

from tests.conftest import OpenDatabase
from tests.integration.products.catalogue import Catalogue, open_catalogue


@pytest.fixture
async def catalogue(database: OpenDatabase, tmp_path: Path) -> Catalogue:
    return await open_catalogue(await database("products"), tmp_path)
