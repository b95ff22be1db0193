"""The payment sandbox's own books, read as a merchant may read them: by its daily statements."""

import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import httpx

from channels.payment.sandbox.wire import Method
from channels.payment.sandbox_channel import SandboxChannel
from hanse.settings import Settings


class SandboxBooks:
    """What the provider says it took and gave back."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        secret = settings.sandbox_payment_secret.get_secret_value()
        methods: tuple[Method, ...] = get_args(Method)
        self._channels = [
            SandboxChannel(method, settings.sandbox_payment_url, secret, http, lambda: datetime.now(UTC))
            for method in methods
        ]
        self._begun = datetime.now(UTC).date()

    async def kept_by_attempt(self) -> dict[str, int]:
        """For each attempt that was ever paid: what the provider took for it less what it gave back, in minor units."""
        kept: dict[str, int] = defaultdict(int)
        attempt_of: dict[str, str] = {}
        day = self._begun
        while day <= datetime.now(UTC).date():
            for channel in self._channels:
                with tempfile.TemporaryDirectory() as folder:
                    file = await channel.fetch_statement(day, Path(folder))
                    for line in list(channel.read_statement(file)):
                        if line.kind == "payment":
                            attempt_of[line.channel_reference] = line.merchant_id
                        if line.kind in ("payment", "refund"):
                            kept[attempt_of[line.channel_reference]] += line.amount.minor
            day += timedelta(days=1)
        return dict(kept)
