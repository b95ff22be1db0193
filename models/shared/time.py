"""Time is a value that is passed in: rules own no clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment in UTC; RFC 3339 on the wire. A time without a zone is refused."""

Clock = Callable[[], datetime]
"""Where an edge takes the time from, so that a test can set it."""
