"""How the sandbox carriers are set up, beside what they share with the shop (address, secret, data directory: `hanse.settings`)."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CarrierSandboxSettings(BaseSettings):
    """Read from `HANSE_SANDBOX_CARRIER_…`."""

    model_config = SettingsConfigDict(env_prefix="HANSE_SANDBOX_CARRIER_", env_file=".env", extra="ignore", frozen=True)

    journey_seconds: Annotated[float, Field(ge=0)] | None = None
    """How long a parcel takes from its waybill to the buyer's signature, all by itself; 0 moves none. By default ten minutes,
    and 0 where `HANSE_ENVIRONMENT` is `test`."""
    faults: str = ""
    """Replaces the fault schedule at start if not empty; see `faults.py`."""
    fault_seed: int = 0
    push_unit_seconds: Annotated[float, Field(gt=0)] = 1
    """The first pause between two tries of a push; each further one is twice as long, up to an hour."""
    push_tries: Annotated[int, Field(ge=1)] = 15
    push_timeout_seconds: Annotated[float, Field(gt=0)] = 5
    """How long the merchant may take to answer a push."""
