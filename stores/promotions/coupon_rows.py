"""Coupons and templates as rows: read whole, locked in one order."""

from collections.abc import Iterable, Sequence

from asyncpg import Record

from hanse.database import Connection
from models.promotions.coupons import Coupon, CouponTemplate, CouponTerms
from models.promotions.errors import CouponNotFound
from models.shared.ids import CouponId, CouponTemplateId
from models.shared.refusals import NotFound

COUPONS = """
    SELECT c.*, v.terms FROM coupons c
    JOIN coupon_template_versions v ON (v.template_id, v.version) = (c.template_id, c.template_version)
"""
_TEMPLATES = """
    SELECT t.*, v.terms,
           (SELECT count(*) FROM coupons c WHERE c.template_id = t.template_id AND c.state = 'redeemed') AS redeemed
    FROM coupon_templates t JOIN coupon_template_versions v USING (template_id, version)
"""
# Redeemed coupons are counted where someone looks: a counter would make every payment of a popular coupon wait for one row.
_COUPON_FIELDS = tuple(field for field in Coupon.model_fields if field != "terms")


def to_coupon(row: Record) -> Coupon:
    """A row of `COUPONS`."""
    terms = CouponTerms.model_validate(row["terms"])
    return Coupon.model_validate({**{name: row[name] for name in _COUPON_FIELDS}, "terms": terms})


def to_template(row: Record) -> CouponTemplate:
    """A row of `_TEMPLATES`."""
    terms = CouponTerms.model_validate(row["terms"])
    fields = {name: row[name] for name in CouponTemplate.model_fields if name != "terms"}
    return CouponTemplate.model_validate({**fields, "terms": terms})


async def read_templates(connection: Connection, condition: str, *arguments: object) -> list[CouponTemplate]:
    """The templates for which `condition` (SQL about `t`, with what follows it) holds."""
    return [to_template(row) for row in await connection.fetch(f"{_TEMPLATES} {condition}", *arguments)]


async def read_template(connection: Connection, template_id: CouponTemplateId) -> CouponTemplate:
    """The template as it is now, or `NotFound`."""
    found = await read_templates(connection, "WHERE t.template_id = $1", template_id)
    if not found:
        raise template_unknown(template_id)
    return found[0]


def template_unknown(template_id: CouponTemplateId) -> NotFound:
    """There is no such template, or none that the caller may see."""
    return NotFound(f"There is no coupon template {template_id}.", template_id=template_id)


async def read_coupons(connection: Connection, condition: str, *arguments: object) -> list[Coupon]:
    """The coupons for which `condition` (SQL about `c`, with what follows it) holds."""
    return [to_coupon(row) for row in await connection.fetch(f"{COUPONS} {condition}", *arguments)]


async def lock_coupons(tx: Connection, coupon_ids: Iterable[CouponId]) -> dict[CouponId, Coupon]:
    """These coupons as they are now, locked by their ids until the transaction ends. Unknown ones are absent.

    Everything that changes several coupons locks them here, in this order, so that no two transactions wait for each other.
    """
    wanted = sorted(set(coupon_ids))
    if not wanted:
        return {}
    await tx.execute("SELECT FROM coupons WHERE coupon_id = ANY($1) ORDER BY coupon_id FOR NO KEY UPDATE", wanted)
    # A statement of its own: it sees what another transaction committed while the first one waited.
    found = await read_coupons(tx, "WHERE c.coupon_id = ANY($1)", wanted)
    return {coupon.coupon_id: coupon for coupon in found}


def in_order(coupon_ids: Sequence[CouponId], found: dict[CouponId, Coupon]) -> list[Coupon]:
    """Those coupons, each once, as they were asked for. `CouponNotFound` for the first that is not there."""
    for coupon_id in coupon_ids:
        if coupon_id not in found:
            raise coupon_unknown(coupon_id)
    return [found[coupon_id] for coupon_id in dict.fromkeys(coupon_ids)]


def coupon_unknown(coupon_id: CouponId) -> CouponNotFound:
    """There is no such coupon, or it is another's."""
    return CouponNotFound(f"There is no coupon {coupon_id} in your wallet.", coupon_id=coupon_id)
