"""How the sandbox is set up, beside what it shares with the shop (address, secret and data directory: `hanse.settings`)."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    """Read from `HANSE_SANDBOX_PAYMENT_…`."""

    model_config = SettingsConfigDict(env_prefix="HANSE_SANDBOX_PAYMENT_", env_file=".env", extra="ignore", frozen=True)

    public_url: str = ""
    """Where a buyer's browser finds the cashier; the sandbox's own address if empty."""
    faults: str = ""
    """Replaces the fault schedule at start if not empty; see `faults.py`."""
    fault_seed: int = 0
    refund_seconds: Annotated[float, Field(ge=0)] = 1
    """How long a refund is being processed; zero settles it within the call."""
    statement_delay_seconds: float = -86_400
    """How long after the end of its day (UTC) a statement is published. Real providers take some ten hours; by default it can be
    had from the beginning of the day, with what happened so far."""
    callback_unit_seconds: Annotated[float, Field(gt=0)] = 1
    """The first pause between two tries of a callback; each further one is twice as long, up to an hour."""
    callback_tries: Annotated[int, Field(ge=1)] = 15
    callback_timeout_seconds: Annotated[float, Field(gt=0)] = 5
    """How long the merchant may take to answer a callback (WeChat Pay waits as long)."""
