"""What can be said about coupons without a database: whether terms make sense, when a coupon is valid, how codes read."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

from models.promotions.coupons import Coupon, CouponState, CouponTerms, GiveBack
from models.promotions.errors import (
    CouponAlreadyUsed,
    CouponLocked,
    CouponNotValid,
    PromotionTermsInvalid,
)
from models.promotions.types import OfferInForce, Source
from models.shared import Instant
from models.shared.ids import OrderId

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")
_CODE_BYTES = 10
_GROUP = 4
CODE_ENTROPY = _CODE_BYTES
"""Random bytes behind one code: 80 bits, so that a code cannot be guessed, nor found from its digest."""


def check_terms(terms: CouponTerms) -> None:
    """Refuses `PromotionTermsInvalid` unless every coupon that can be claimed can also be used."""
    if terms.claim_until <= terms.claim_from:
        raise _senseless("claiming ends before it begins", "claim_until")
    if terms.valid_until is None and terms.valid_days is None:
        raise _senseless("say until when a coupon is valid, for how many days after the claim, or both", "valid_until")
    if terms.valid_until is not None and terms.valid_until < terms.claim_until:
        raise _senseless("coupons could be claimed when they are over", "valid_until")
    if terms.valid_from is None:
        return
    if terms.valid_until is not None and terms.valid_until <= terms.valid_from:
        raise _senseless("coupons would be over before they are valid", "valid_until")
    if terms.valid_days is not None and terms.valid_from - terms.claim_from >= timedelta(days=terms.valid_days):
        raise _senseless("coupons that are claimed early would be over before they are valid", "valid_days")


def _senseless(what: str, field: str) -> PromotionTermsInvalid:
    return PromotionTermsInvalid(f"These terms make no sense: {what}.", field=field)


def validity(terms: CouponTerms, claimed_at: Instant) -> tuple[Instant, Instant]:
    """From when until when (exclusive) a coupon that is claimed now can be used."""
    ends = [end for end in (terms.valid_until,) if end is not None]
    if terms.valid_days is not None:
        ends.append(claimed_at + timedelta(days=terms.valid_days))
    return terms.valid_from or claimed_at, min(ends)


def check_usable(coupon: Coupon, at: Instant, for_order: OrderId | None = None) -> None:
    """Refuses `CouponAlreadyUsed`, `CouponLocked` (unless `for_order` is who holds it) or `CouponNotValid`."""
    coupon_id = coupon.coupon_id
    if coupon.state in (CouponState.REDEEMED, CouponState.VOID):
        raise CouponAlreadyUsed(f"Coupon {coupon_id} has been used; choose another.", coupon_id=coupon_id)
    if coupon.state is CouponState.LOCKED:
        if for_order is not None and coupon.order_id == for_order:
            return
        raise CouponLocked(
            f"Order {coupon.order_id} holds coupon {coupon_id}. Pay or cancel that order first.",
            coupon_id=coupon_id,
            order_id=coupon.order_id,
        )
    if not coupon.valid_from <= at < coupon.valid_until:
        raise CouponNotValid(
            f"Coupon {coupon_id} can be used from {coupon.valid_from:%Y-%m-%d %H:%M} until {coupon.valid_until:%Y-%m-%d %H:%M} UTC.",
            coupon_id=coupon_id,
            valid_from=coupon.valid_from.isoformat(),
            valid_until=coupon.valid_until.isoformat(),
        )


def returns_on_cancel(terms: CouponTerms) -> bool:
    """Whether a redeemed coupon comes back when its order is cancelled before a parcel left."""
    return terms.give_back is not GiveBack.NEVER


def returns_on_whole_refund(terms: CouponTerms) -> bool:
    """Whether a redeemed coupon comes back when nothing is left of its order."""
    return terms.give_back is GiveBack.ON_WHOLE_REFUND


def as_offer(coupon: Coupon) -> OfferInForce:
    """The coupon as the engine sees it: the terms it was claimed under."""
    terms = coupon.terms
    return OfferInForce(
        source=Source.COUPON,
        rule_id=coupon.template_id,
        rule_version=coupon.template_version,
        label=terms.label,
        offer=terms.offer,
        scope=terms.scope,
        priority=terms.priority,
        group=terms.group,
        members_only=terms.members_only,
        coupon_id=coupon.coupon_id,
        claws_back=terms.on_refund == "claw_back",
    )


# ---- codes -----------------------------------------------------------------------------------------------------------


def write_codes(entropy: bytes) -> Iterator[str]:
    """A code for every ten random bytes, like `7K2M-Q0XD-91VB-ETNA`: letters that are hard to misread, and no I, L, O, U."""
    for start in range(0, len(entropy), _CODE_BYTES):
        number = int.from_bytes(entropy[start : start + _CODE_BYTES])
        letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
        yield "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def read_code(typed: str) -> str:
    """A code as it was given out, however people write it: small letters, spaces, O for 0."""
    letters = re.sub(r"[\s-]", "", typed).upper().translate(_MISREAD)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def digest_of(code: str) -> bytes:
    """What is kept of a code instead of itself. It needs no salt: a code is 80 random bits, nothing people chose."""
    return hashlib.sha256(read_code(code).encode()).digest()
