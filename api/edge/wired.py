"""How a handler reaches what was wired: `async def show(order_id: OrderId, shop: Wired)`."""

from typing import Annotated

from fastapi import Depends, Request

from api.wiring import Services


async def _services(request: Request) -> Services:  # a plain function would be run in a thread, for 0.2 ms a request
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(_services)]
