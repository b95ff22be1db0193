"""What a notification is."""

from enum import StrEnum

from pydantic import ConfigDict

from models.shared import Frozen, Instant
from models.shared.ids import UserId
from models.users.types import Permission


class Language(StrEnum):
    """In which someone is written to."""

    ZH = "zh"
    EN = "en"


class Template(StrEnum):
    """What a notice is about; `channels/notification/notices.py` has its words."""

    ORDER_PLACED = "order_placed"
    ORDER_PAID = "order_paid"
    PARCEL_SHIPPED = "parcel_shipped"
    PARCEL_SIGNED = "parcel_signed"
    PARCEL_TROUBLE = "parcel_trouble"
    ORDER_CANCELLED = "order_cancelled"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"
    CHARGED_BACK = "charged_back"
    AFTERSALE_CHANGED = "aftersale_changed"
    REVIEW_INVITATION = "review_invitation"
    REVIEW_REJECTED = "review_rejected"
    REVIEW_REPLIED = "review_replied"
    REVIEW_WAITS = "review_waits"
    STOCK_LOW = "stock_low"
    WEBHOOK_DISABLED = "webhook_disabled"


class Audience(Frozen):
    """Whom a notice is for: the buyer or author an event names, the buyer of the order it names, or operators."""

    user_field: str | None = None
    order_field: str | None = None
    permission: Permission | None = None


class Cause(Frozen):
    """What a type of event makes somebody be told."""

    template: Template
    audience: Audience


class Notice(Frozen):
    """That someone was told something, once a cause; never the text itself."""

    cause: str
    """Source and id of the event."""
    user_id: UserId
    template: Template
    language: Language
    channel: str
    """`email` or `phone`."""
    at: Instant


class Preference(Frozen):
    """How someone wants to be written to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en"}]})

    language: Language
