"""What tests of the edge share: one application, whose routes are put together once instead of for every test."""

import pytest
from fastapi import FastAPI

from tests.openapi import application


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The application; a shop of a test's own is opened on it (`open_shop`), one at a time."""
    return application()
