"""How outgoing webhooks say no."""

from models.shared import Refusal


class WebhookTargetForbidden(Refusal):
    """The address is none that the shop sends to: not https, or inside its own network."""

    code = "webhook_target_forbidden"
    title = "The shop does not send there"


class EventTypeUnknown(Refusal):
    """A filter that no event can ever pass."""

    code = "event_type_unknown"
    title = "There is no such event"


class WebhookDisabled(Refusal):
    """Nothing is sent to an endpoint that is disabled."""

    code = "webhook_disabled"
    title = "The endpoint is disabled"
