"""What is asked of notifications, as it travels through Temporal."""

from models.shared import Frozen
from models.shared.events import AnyEvent


class TellPeople(Frozen):
    """Everyone whom this event concerns is told, once."""

    source: str
    event: AnyEvent

    @property
    def cause(self) -> str:
        """What tells this cause from every other."""
        return f"{self.source}#{self.event.event_id}"


def notify_id(source: str, event_id: str) -> str:
    """The workflow id of a cause: `notify/hanse.orders/order_paid/ord_…`."""
    return f"notify/{source.strip('/').replace('/', '.')}/{event_id}"
