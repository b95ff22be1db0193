"""Black and white lists: who may not order, and who may whatever else is said of them.

People write one phone number and one address in many ways; both sides of a comparison are brought into one form first.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from models.shared import Frozen, Instant
from models.shared.ids import ListEntryId, UserId
from models.shared.refusals import InvalidRequest

_MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MAPPED = 96
"""Bits before the IPv4 address in an IPv6 address that only wraps one."""
_NO_NUL = r"^[^\x00]*$"
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=_NO_NUL)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]


class ListKind(StrEnum):
    """White beats black."""

    BLACK = "black"
    WHITE = "white"


class ListSubject(StrEnum):
    """What an entry recognises a buyer by."""

    USER = "user"
    PHONE = "phone"
    DEVICE = "device"
    IP = "ip"
    """An address, or a network like 203.0.113.0/24."""
    ADDRESS = "address"


PERSONAL = frozenset({ListSubject.PHONE, ListSubject.ADDRESS})
"""Kept as a keyed digest only: neither the database nor an operator's screen gives them away."""


class EntryTerms(Frozen):
    """What may be changed of an entry."""

    reason: Reason
    note: Note = ""
    """What it is meant to cover, for the next operator."""
    starts_at: Instant
    ends_at: Instant | None = None
    """Exclusive; None: until someone ends it."""


class NewEntry(EntryTerms):
    """An entry to be added. `value`: a user id, a phone number, a device's id, an IP address or network, or a postal address
    as one line from region to door."""

    kind: ListKind
    subject: ListSubject
    value: Value


class ListEntry(Frozen):
    """An entry as its database keeps it. `shown` is its value, masked where that is personal data."""

    entry_id: ListEntryId
    version: int
    kind: ListKind
    subject: ListSubject
    shown: str
    terms: EntryTerms
    added_by: UserId
    added_at: Instant
    changed_by: UserId
    changed_at: Instant


def _address_or_none(text: object) -> object:
    try:
        return str(_plain_ip(text)) if isinstance(text, str) else text
    except ValueError:
        return None


class Origin(Frozen):
    """Where an order comes from, as far as it is known. A network address that is none (a local socket) counts as unknown."""

    user_id: UserId | None = None
    phone: Annotated[str | None, Field(max_length=50)] = None
    device: Annotated[str | None, Field(max_length=500, pattern=_NO_NUL)] = None
    ip: Annotated[str | None, BeforeValidator(_address_or_none)] = None
    address: Annotated[str | None, Field(max_length=1000)] = None
    """As `address_text` writes it."""


class Judgement(Frozen):
    """What the lists say of an origin, and by which entries."""

    blocked: bool
    entries: tuple[ListEntry, ...]


def blocking(matches: Sequence[ListEntry]) -> ListEntry | None:
    """The entry that keeps this buyer out, of those in force that match; None if none does, or a white one matches too."""
    if any(entry.kind is ListKind.WHITE for entry in matches):
        return None
    return min(matches, key=lambda entry: entry.entry_id, default=None)


def address_text(region: str, city: str, line: str) -> str:
    """A postal address as one line; a city that is its own region is named once."""
    return f"{region} {line}" if region == city else f"{region} {city} {line}"


def phone_form(text: str) -> str:
    """One form of a phone number: `+`, country, number; eleven digits of a mainland mobile are of +86."""
    digits = "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    return f"+86{digits}" if _MAINLAND_MOBILE.fullmatch(digits) else f"+{digits.removeprefix('00')}"


def address_form(text: str) -> str:
    """One form of a postal address: without case, width, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def network_form(text: str) -> IPv4Network | IPv6Network:
    """The network that an entry names; a single address is the smallest one. `InvalidRequest` for anything else."""
    try:
        if "/" not in text:
            return ip_network(_plain_ip(text))
        _plain_ip(text.partition("/")[0])
        network = ip_network(text, strict=False)
    except ValueError as fault:
        raise InvalidRequest(
            "Give an IP address like 203.0.113.7 or a network like 203.0.113.0/24.", field="value"
        ) from fault
    inside = network.network_address
    if isinstance(inside, IPv6Address) and inside.ipv4_mapped is not None and network.prefixlen >= _MAPPED:
        return ip_network((inside.ipv4_mapped, network.prefixlen - _MAPPED))
    return network


def value_form(subject: ListSubject, value: str) -> str:
    """The value as it is compared; `InvalidRequest` if it is nothing of this kind."""
    match subject:
        case ListSubject.USER:
            try:
                return UserId(value)
            except ValueError as fault:
                raise InvalidRequest("Give the id of an account.", field="value") from fault
        case ListSubject.PHONE:
            form = phone_form(value)
            if len(form) < 6:
                raise InvalidRequest("Give a phone number like +8613800138000.", field="value")
            return form
        case ListSubject.ADDRESS:
            form = address_form(value)
            if len(form) < 4:
                raise InvalidRequest("Give a postal address from region to door, on one line.", field="value")
            return form
        case ListSubject.DEVICE:
            return value
        case ListSubject.IP:
            return str(network_form(value))


def shown_form(subject: ListSubject, form: str) -> str:
    """What operators see of a value: enough to recognise, not enough to learn."""
    match subject:
        case ListSubject.PHONE:
            return f"***{form[-2:]}"
        case ListSubject.ADDRESS:
            return f"{form[:2]}***"
        case _:
            return form


def check_entry_window(terms: EntryTerms) -> None:
    """An entry that ends does so after its start; `InvalidRequest`."""
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        raise InvalidRequest("It would end before it starts.", field="ends_at")


def _plain_ip(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.strip())
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("an address with a zone is known on its own machine only")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
