"""Pure rules of outgoing webhooks: who is told, how a message is named and signed, where it may go."""

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from models.shared.events import Event
from models.webhooks.errors import EventTypeUnknown, WebhookTargetForbidden
from models.webhooks.types import Message

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
"""Of randomness. Standard Webhooks asks for 24 to 64."""

_NAT64 = IPv6Network("64:ff9b::/96")


def wants(filters: Sequence[str], event_type: str) -> bool:
    """Whether an endpoint with these filters is told of this type of event."""
    return not filters or any(
        each == event_type or (each.endswith(".*") and event_type.startswith(each[:-1])) for each in filters
    )


def check_filters(filters: Sequence[str], known: Collection[str]) -> None:
    """Every filter lets something through; `EventTypeUnknown` names the one that does not."""
    for each in filters:
        if not any(wants([each], event_type) for event_type in known):
            raise EventTypeUnknown(
                f"No event is called {each}. /asyncapi.json lists every type.", field="event_types", event_type=each
            )


def message_for(event: Event, source: str) -> Message:
    """The message about an event: the same bytes whoever makes it, whenever."""
    digest = hashlib.sha256(f"{source}\x1f{event.event_id}".encode()).digest()
    body = {
        "type": event.type,
        "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"),
        "data": event.model_dump(mode="json"),
    }
    return Message(
        message_id="msg_" + base64.b32encode(digest[:20]).decode().lower(),
        event_type=event.type,
        event_id=event.event_id,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        occurred_at=event.occurred_at,
    )


def shown_secret(secret: bytes) -> str:
    """A secret as its receiver keeps it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def signed_headers(message: Message, secrets: Sequence[bytes], at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: one `v1` signature for each secret that is in force, so a receiver may change over."""
    timestamp = str(int(at.timestamp()))
    content = f"{message.message_id}.{timestamp}.{message.body}".encode()
    signatures = [base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def may_be_reached(address: IPv4Address | IPv6Address) -> bool:
    """Whether this is an address of the public internet: not loopback, private, link-local (where clouds keep their
    credentials), multicast or reserved, nor an IPv6 address that wraps such a one."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if wrapped is not None:
            return may_be_reached(wrapped)
        if address in _NAT64:
            return may_be_reached(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


def check_url(url: str, *, allow_private: bool) -> None:
    """https to a host outside, without credentials in it; `WebhookTargetForbidden`. With `allow_private`, http and any host.

    Names are looked up when a message is sent; an address that is written out is judged here.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as fault:
        raise _forbidden("This is no address of the web.") from fault
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise _forbidden("The address begins with https://.")
    if not host or parts.username is not None or parts.fragment or port == 0:
        raise _forbidden("The address names a host, and no user, password or fragment.")
    if allow_private:
        return
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        raise _forbidden("The shop does not send into its own network.")
    try:
        address = ip_address(host)
    except ValueError:
        if host.rsplit(".", 1)[-1].isdecimal() or host.startswith("0x"):
            raise _forbidden("The address names a host; write an IP address in its usual form.") from None
        return
    if not may_be_reached(address):
        raise _forbidden("The shop does not send into its own network.")


def spread(pause: timedelta, chance: float) -> timedelta:
    """The pause, a tenth shorter or longer by chance (0 to 1), so that many do not come at once."""
    return pause * (0.9 + 0.2 * chance)


def _forbidden(detail: str) -> WebhookTargetForbidden:
    return WebhookTargetForbidden(detail, field="url")
