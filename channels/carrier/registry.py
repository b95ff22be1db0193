"""The carriers that work for this shop."""

import httpx

from channels.carrier.contract import Carrier
from channels.carrier.errors import CarrierUnknown
from channels.carrier.sandbox.wire import COMPANIES
from channels.carrier.sandbox_carrier import SandboxCarrier
from hanse.settings import Settings
from models.shared.time import Clock


class Carriers:
    """Finds a carrier by its name. The first one is asked first."""

    def __init__(self, *carriers: Carrier) -> None:
        self._by_name = {carrier.name: carrier for carrier in carriers}

    def named(self, name: str) -> Carrier:
        """The carrier, or `CarrierUnknown`."""
        carrier = self._by_name.get(name)
        if carrier is None:
            raise CarrierUnknown(
                f"There is no carrier {name[:40]!r}; there are {', '.join(self.names)}.", carrier=name[:40]
            )
        return carrier

    @property
    def names(self) -> tuple[str, ...]:
        """Every carrier, in the order in which to ask them."""
        return tuple(self._by_name)


def carriers_of(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> Carriers:
    """Both companies of the sandbox. A real carrier is one more entry."""
    secret = settings.sandbox_carrier_secret.get_secret_value()
    return Carriers(
        *(
            SandboxCarrier(company, settings.sandbox_carrier_url, secret, client, clock, shop_url=settings.api_url)
            for company in COMPANIES
        )
    )
