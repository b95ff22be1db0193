"""Refusals of the edge itself."""

from models.shared import Refusal


class BodyMalformed(Refusal):
    """The body is not JSON, or not the JSON that this operation takes."""

    code = "body_malformed"
    title = "The body cannot be read"


class BodyTooLarge(Refusal):
    """The body is larger than this path takes."""

    code = "body_too_large"
    title = "The body is too large"


class IdempotencyKeyMissing(Refusal):
    """This operation moves stock, money, coupons or points, so a repeated request must be recognisable."""

    code = "idempotency_key_missing"
    title = "Idempotency-Key is missing"


class IdempotencyKeyMalformed(Refusal):
    """The key is empty, too long, or has characters that a header should not carry."""

    code = "idempotency_key_malformed"
    title = "Idempotency-Key is malformed"


class IdempotencyKeyInFlight(Refusal):
    """The first request with this key has not been answered yet; ask again in a moment."""

    code = "idempotency_key_in_flight"
    title = "The first request with this key is still running"


class IdempotencyKeyReused(Refusal):
    """The same key came with another request."""

    code = "idempotency_key_reused"
    title = "Idempotency-Key was used for another request"


class ServiceBusy(Refusal):
    """A part behind the api did not answer in time; nothing is lost, ask again with the same key."""

    code = "service_busy"
    title = "Not answered in time"


class ShopFull(Refusal):
    """Too many orders are under way: this one was not begun, nothing of it is remembered; `Retry-After` says when to come again."""

    code = "shop_full"
    title = "Too many orders at once"


class RateLimited(Refusal):
    """Too many requests of this kind in a short time; `Retry-After` says when to come again."""

    code = "rate_limited"
    title = "Too many requests"


class LimitsUnknown(Refusal):
    """How often somebody asked cannot be told at the moment, so what is worth guessing or costs money is closed."""

    code = "limits_unknown"
    title = "Closed for a moment"
