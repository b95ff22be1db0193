"""What an activity that changed something answers."""

from models.shared.events import AnyEvent
from models.shared.frozen import Frozen


class Done(Frozen):
    """It is done. `unannounced` holds the events that Kafka did not take at once: the workflow publishes them durably.

    Event ids are made of what happened, so an event that went out after all does no harm when it is published again.
    """

    unannounced: tuple[AnyEvent, ...] = ()
