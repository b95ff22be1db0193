"""What goes over the wire about webhooks, where it is not a value of the domain itself."""

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from api.spoken import Spoken
from models.shared import Instant
from models.webhooks.types import Attempt, Delivery, Endpoint

_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0mDSgB5AZX0="


class EndpointWithSecret(Spoken):
    """An endpoint, and the secret that its receiver checks signatures with. It is shown now and never again."""

    endpoint: Endpoint
    secret: Annotated[str, Field(examples=[_SECRET])]


class RotateRequest(Spoken):
    """How long the secrets before it go on signing beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24

    @property
    def overlap(self) -> timedelta:
        """The same as a duration."""
        return timedelta(hours=self.overlap_hours)


class DeliveryWithAttempts(Spoken):
    """A delivery and every try."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


class RedeliverRequest(Spoken):
    """From when on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-11-22T00:00:00Z"}]})

    since: Instant


class Redelivered(Spoken):
    """What is sent again. `more`: there is more than one request takes; ask again once these have ended."""

    deliveries: int
    more: bool
