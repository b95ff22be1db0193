"""Time is a value that is passed in: rules own no clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as fault:  # the zone moves a moment at either end of the calendar out of it
        raise ValueError("the moment is outside the years 1 to 9999 in UTC") from fault


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment in UTC; RFC 3339 on the wire. A time without a zone is refused."""

Clock = Callable[[], datetime]
"""Where an edge takes the time from, so that a test can set it."""
