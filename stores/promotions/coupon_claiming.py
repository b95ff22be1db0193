"""Claiming: a coupon moves into a wallet, and no limit is passed however many come at once.

Locks, in this order: the buyer's count of the template, the code, the template. The template's row is the one that a crowd
wants, so it is locked last, by the last statement, and who can be refused without it is.
"""

from datetime import datetime

from asyncpg import UniqueViolationError

from hanse.database import Connection, Database
from models.promotions.coupon_rules import digest_of, read_code, validity
from models.promotions.coupons import Coupon, CouponState, CouponTerms
from models.promotions.errors import CouponCodeWrong, CouponLimitReached, CouponNotClaimable, CouponSoldOut
from models.promotions.types import RuleStatus
from models.shared.ids import CouponId, CouponTemplateId, UserId
from models.shared.refusals import InvalidRequest
from stores.promotions.coupon_rows import read_coupons

_TEMPLATE = """
    SELECT t.*, v.terms, coalesce(g.status = 'active' AND g.starts_at <= $2 AND $2 < g.ends_at, true) AS is_campaign_on
    FROM coupon_templates t JOIN coupon_template_versions v USING (template_id, version)
    LEFT JOIN campaigns g USING (campaign_id) WHERE t.template_id = $1
"""
# The template's row is locked by this statement and the commit after it, no longer. Whoever waited for it meets it as it is
# then: nothing is claimed of a template that was revised, paused or sold out meanwhile.
_CLAIM = """
    WITH counted AS (
        UPDATE coupon_templates SET claimed = claimed + 1
        WHERE template_id = $2 AND version = $3 AND status = 'active' AND (quantity IS NULL OR claimed < quantity)
        RETURNING template_id, version
    ), counted_here AS (
        UPDATE coupon_claimants n SET claimed = n.claimed + 1 FROM counted
        WHERE n.template_id = counted.template_id AND n.user_id = $4
    ), used AS (
        UPDATE coupon_codes SET coupon_id = $1 FROM counted WHERE digest = $10
    )
    INSERT INTO coupons (coupon_id, template_id, template_version, user_id, state, valid_from, valid_until, claimed_at, claim_key,
        code)
    SELECT $1, template_id, version, $4, 'claimed', $5, $6, $7, $8, $9 FROM counted
"""


class Claiming:
    """Claims by template and by code."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim_once(
        self,
        user_id: UserId,
        *,
        key: str,
        now: datetime,
        template_id: CouponTemplateId | None = None,
        code: str | None = None,
    ) -> Coupon:
        """One coupon of a template, or the one that a code is worth, for this buyer; exactly one of the two is named.

        Idempotent by (buyer, key): a repeat is answered with the same coupon as it is now, and counts nothing. Never more
        than the template's quantity, nor than one buyer may have, whoever comes at once; each code becomes one coupon.
        Refusals: `CouponNotClaimable`, `CouponSoldOut`, `CouponLimitReached`, `CouponCodeWrong` (unknown, used and voided
        codes alike), `InvalidRequest` for a key that claimed another coupon.
        """
        if (template_id is None) == (code is None):
            raise InvalidRequest("Name either a template or a code.")
        try:
            async with self._db.transaction() as tx:
                earlier = await _claimed_before(tx, user_id, key, template_id, code)
                if earlier is not None:
                    return earlier
                return await _claim(tx, user_id, key, now, template_id, code)
        except UniqueViolationError:  # a twin with this key, for another template, was quicker
            raise _key_reused() from None


async def _claim(
    tx: Connection,
    user_id: UserId,
    key: str,
    now: datetime,
    template_id: CouponTemplateId | None,
    code: str | None,
) -> Coupon:
    wanted = template_id or await _template_of(tx, code or "")
    offered = await _offered(tx, wanted, now, by_code=code is not None)
    had = await _lock_count(tx, wanted, user_id)
    # A twin of this very request may have gone first while this one waited for the count.
    earlier = await _claimed_before(tx, user_id, key, template_id, code)
    if earlier is not None:
        return earlier
    if code is not None:
        await _lock_code(tx, code)
    while True:
        coupon = _coupon(user_id, key, now, wanted, *offered, code=code)
        if had >= coupon.terms.per_user_limit:
            raise CouponLimitReached(
                f"You have claimed {had} of these coupons; one person gets {coupon.terms.per_user_limit}.",
                limit=coupon.terms.per_user_limit,
            )
        if await _write(tx, coupon, key):
            return coupon
        offered = await _offered(tx, wanted, now, by_code=code is not None)


def _coupon(
    user_id: UserId,
    key: str,
    now: datetime,
    template_id: CouponTemplateId,
    version: int,
    terms: CouponTerms,
    *,
    code: str | None,
) -> Coupon:
    valid_from, valid_until = validity(terms, now)
    return Coupon(
        coupon_id=CouponId.derive(now, user_id, key),
        template_id=template_id,
        template_version=version,
        user_id=user_id,
        state=CouponState.CLAIMED,
        terms=terms,
        valid_from=valid_from,
        valid_until=valid_until,
        claimed_at=now,
        code=None if code is None else read_code(code),
    )


async def _write(tx: Connection, coupon: Coupon, key: str) -> bool:
    """False if the template is not any more as it was when it was read."""
    done: str = await tx.execute(
        _CLAIM,
        coupon.coupon_id,
        coupon.template_id,
        coupon.template_version,
        coupon.user_id,
        coupon.valid_from,
        coupon.valid_until,
        coupon.claimed_at,
        key,
        coupon.code,
        None if coupon.code is None else digest_of(coupon.code),
    )
    return done == "INSERT 0 1"


async def _claimed_before(
    tx: Connection, user_id: UserId, key: str, template_id: CouponTemplateId | None, code: str | None
) -> Coupon | None:
    found = await read_coupons(tx, "WHERE c.user_id = $1 AND c.claim_key = $2", user_id, key)
    if not found:
        return None
    same = found[0].template_id == template_id if code is None else found[0].code == read_code(code)
    if not same or (code is None) != (found[0].code is None):
        raise _key_reused()
    return found[0]


def _key_reused() -> InvalidRequest:
    return InvalidRequest("This key claimed another coupon; take a new key for a new claim.", field="key")


async def _template_of(tx: Connection, code: str) -> CouponTemplateId:
    found = await tx.fetchval(
        """
        SELECT b.template_id FROM coupon_codes k JOIN coupon_batches b USING (batch_id)
        WHERE k.digest = $1 AND k.coupon_id IS NULL AND b.voided_at IS NULL
        """,
        digest_of(code),
    )
    if found is None:
        raise _code_wrong()
    return CouponTemplateId(found)


async def _lock_code(tx: Connection, code: str) -> None:
    """`CouponCodeWrong` if someone used it, or an operator voided its batch, meanwhile. The batch is shared by those who claim:
    they do not wait for each other, but who voids it waits for them."""
    await tx.execute(
        """
        SELECT FROM coupon_codes k JOIN coupon_batches b USING (batch_id) WHERE k.digest = $1
        FOR NO KEY UPDATE OF k FOR SHARE OF b
        """,
        digest_of(code),
    )
    await _template_of(tx, code)


def _code_wrong() -> CouponCodeWrong:
    return CouponCodeWrong("This code is wrong, or it has been used. Look at it again.")


async def _lock_count(tx: Connection, template_id: CouponTemplateId, user_id: UserId) -> int:
    """How many this buyer has claimed; until the transaction ends nobody else counts for them."""
    claimed: int = await tx.fetchval(
        """
        INSERT INTO coupon_claimants AS n (template_id, user_id, claimed) VALUES ($1, $2, 0)
        ON CONFLICT (template_id, user_id) DO UPDATE SET claimed = n.claimed RETURNING claimed
        """,
        template_id,
        user_id,
    )
    return claimed


async def _offered(
    tx: Connection, template_id: CouponTemplateId, now: datetime, *, by_code: bool
) -> tuple[int, CouponTerms]:
    """The version and terms under which a coupon can be claimed now. `CouponNotClaimable` or `CouponSoldOut` if none can."""
    template = await tx.fetchrow(_TEMPLATE, template_id, now)
    if template is None or template["status"] != RuleStatus.ACTIVE or not template["is_campaign_on"]:
        raise CouponNotClaimable("This coupon is not offered now.")
    terms = CouponTerms.model_validate(template["terms"])
    if not template["claim_from"] <= now < template["claim_until"]:
        raise CouponNotClaimable(
            f"This coupon can be claimed from {terms.claim_from:%Y-%m-%d %H:%M} until {terms.claim_until:%Y-%m-%d %H:%M} UTC.",
            claim_from=terms.claim_from.isoformat(),
            claim_until=terms.claim_until.isoformat(),
        )
    if terms.by_code_only and not by_code:
        raise CouponNotClaimable("This coupon takes a code.", by_code_only=True)
    if template["quantity"] is not None and template["claimed"] >= template["quantity"]:
        raise CouponSoldOut("All of these coupons have been claimed.")
    return template["version"], terms
