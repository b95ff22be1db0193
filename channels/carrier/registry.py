"""The carriers that work for this shop."""

from channels.carrier.contract import Carrier
from channels.carrier.errors import CarrierUnknown


class Carriers:
    """Finds a carrier by its name. Built in a `wiring.py`; the first one is asked first."""

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
