"""Where a request comes from, as far as it can be told: what black lists look at."""

from typing import Annotated

from fastapi import Depends, Header, Request

from models.orders.messages import Origin

DeviceHeader = Annotated[
    str | None,
    Header(
        alias="X-Device-Id",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="What the client calls the device it runs on; kept with the order's process only.",
    ),
]


async def _origin(request: Request, device: DeviceHeader = None) -> Origin:
    """The address as the connection has it; behind a proxy, uvicorn's `FORWARDED_ALLOW_IPS` decides which that is."""
    return Origin(ip=request.client.host if request.client else None, device=device)


ComesFrom = Annotated[Origin, Depends(_origin)]
