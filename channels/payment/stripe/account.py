"""Who we are to Stripe, and by what we know it."""

from dataclasses import dataclass, field

API_VERSION = "2025-07-30.basil"
"""What answers and, if the endpoint is made with it, events look like; changed together with `wire.py` only."""


@dataclass(frozen=True)
class StripeAccount:
    """One Stripe account."""

    url: str
    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Of the endpoint, newest first. More than one while it is rolled."""
