"""Typed, prefixed, time-ordered identifiers.

An id is its prefix, an underscore and 26 characters of Crockford base32: 48 bits of milliseconds since 1970, then 80 bits
that make it unique (the layout of a ULID). Ids of one type sort by the time they were minted, so they index well, and a
wrong kind of id is refused wherever one is parsed.
"""

import hashlib
import inspect
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".lower()
_LETTERS = frozenset(_ALPHABET)
_BODY = 26
_ENTROPY_BYTES = 10

EXAMPLE_BODY = "01jd8x4q2r7m9v3k5t6w8y0zab"
"""What stands after the prefix of every id that documentation shows."""


class Id(str):
    """An identifier of one kind. Subclasses name their `prefix`."""

    prefix: ClassVar[str] = ""
    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        start = f"{cls.prefix}_"
        body = value[len(start) :]
        if not value.startswith(start) or len(body) != _BODY or not _LETTERS.issuperset(body):
            raise ValueError(f"{value[:40]!r} is not a {cls.__name__}: expected {start}… with {_BODY} characters")
        return super().__new__(cls, value)

    @classmethod
    def mint(cls, now: datetime, entropy: bytes) -> Self:
        """A new id at `now`; `entropy` is 10 random bytes from the caller, since rules own no randomness."""
        if len(entropy) != _ENTROPY_BYTES:
            raise ValueError(f"entropy must be {_ENTROPY_BYTES} bytes")
        return cls.from_number((int(now.timestamp() * 1000) << 80) | int.from_bytes(entropy))

    @classmethod
    def from_number(cls, number: int) -> Self:
        """The id that stands for this number; ids sort as their numbers do."""
        body = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
        return cls(f"{cls.prefix}_{body}")

    @classmethod
    def derive(cls, at: datetime, *parts: str) -> Self:
        """The one id that these parts name at that time: the same call always gives the same id."""
        digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
        return cls.mint(at, digest[:_ENTROPY_BYTES])

    @property
    def minted_at(self) -> datetime:
        """The moment the id was made, to the millisecond."""
        return datetime.fromtimestamp((self.number >> 80) / 1000, UTC)

    @property
    def number(self) -> int:
        """What the id stands for: 128 bits."""
        number = 0
        for letter in self[len(self.prefix) + 1 :]:
            number = number << 5 | _ALPHABET.index(letter)
        return number

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = f"^{cls.prefix}_[{_ALPHABET}]{{{_BODY}}}$"
        return core_schema.no_info_after_validator_function(
            cls._of_that_form,
            core_schema.str_schema(pattern=pattern),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def _of_that_form(cls, value: str) -> Self:
        """Of a text that was matched against the pattern already: an order's messages have some hundred ids."""
        return str.__new__(cls, value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        described.setdefault("description", inspect.cleandoc(cls.__doc__ or ""))
        described["examples"] = [f"{cls.prefix}_{EXAMPLE_BODY}"]
        return described


class UserId(Id):
    """A person with an account: buyer or operator."""

    prefix = "usr"


class SessionId(Id):
    """One log-in of one user on one device."""

    prefix = "ses"


class AddressId(Id):
    """An entry of a user's address book."""

    prefix = "adr"


class MerchantId(Id):
    """A seller on the shop."""

    prefix = "mer"


class CategoryId(Id):
    """A node of the category tree."""

    prefix = "cat"


class BrandId(Id):
    """A brand of products."""

    prefix = "brd"


class SpuId(Id):
    """A product as a buyer sees it (standard product unit); it is sold as one or more SKUs."""

    prefix = "spu"


class SkuId(Id):
    """What is priced, stocked and sold (stock keeping unit)."""

    prefix = "sku"


class MediaId(Id):
    """An uploaded picture."""

    prefix = "med"


class CartId(Id):
    """A cart: anonymous or of one user."""

    prefix = "crt"


class WarehouseId(Id):
    """A place that holds stock and ships it."""

    prefix = "wh"


class TransferId(Id):
    """Goods on their way from one warehouse to another."""

    prefix = "trf"


class OrderId(Id):
    """An order, from the moment stock is held for it."""

    prefix = "ord"


class ClaimId(Id):
    """What an order bought beyond stock at one level; its units are reserved under this id when they come."""

    prefix = "clm"


class PaymentId(Id):
    """What is owed for one order; paid by one or more attempts."""

    prefix = "pay"


class AttemptId(Id):
    """One try to pay, on one channel."""

    prefix = "att"


class RefundId(Id):
    """Money on its way back, and the channel's idempotency key for it."""

    prefix = "rfd"


class ChargebackId(Id):
    """Money that a channel took back from the shop."""

    prefix = "cbk"


class AdjustmentId(Id):
    """A transfer that an operator wrote into the books."""

    prefix = "adj"


class ShipmentId(Id):
    """One parcel from one warehouse of one merchant."""

    prefix = "shp"


class AftersaleId(Id):
    """One case about units of an order: a refund, a return, an exchange, and the parcels that go with it."""

    prefix = "afs"


class EvidenceId(Id):
    """A picture that shows what is wrong, uploaded for a case."""

    prefix = "evd"


class CampaignId(Id):
    """Rules, coupons and limits that belong together."""

    prefix = "cmp"


class PromotionId(Id):
    """A rule that takes something off by itself."""

    prefix = "prm"


class CouponTemplateId(Id):
    """What a kind of coupon says; coupons are claimed from it."""

    prefix = "ctp"


class CouponId(Id):
    """One coupon in one wallet."""

    prefix = "cpn"


class CouponBatchId(Id):
    """Codes that were made together; each is worth one coupon."""

    prefix = "cpb"


class PurchaseLimitId(Id):
    """How much of something one buyer may buy."""

    prefix = "plm"


class PointsEntryId(Id):
    """One line of the points ledger."""

    prefix = "pte"


class ListEntryId(Id):
    """One entry of a black or white list."""

    prefix = "lst"


class ReviewId(Id):
    """What one buyer says about one line of an order."""

    prefix = "rev"


class WordId(Id):
    """One entry of the list of words that reviews are read for."""

    prefix = "wrd"


class WebhookEndpointId(Id):
    """A place outside that is told of events."""

    prefix = "whe"


class WebhookDeliveryId(Id):
    """One event on its way to one endpoint."""

    prefix = "whd"
