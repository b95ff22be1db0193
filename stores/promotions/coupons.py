"""The coupons of database `promotions`, as one store. What orders hold of them is in `benefits.py`."""

from stores.promotions.coupon_auditing import CouponAuditing
from stores.promotions.coupon_claiming import Claiming
from stores.promotions.coupon_codes import Codes
from stores.promotions.coupon_templates import CouponTemplates
from stores.promotions.coupon_wallets import Wallets


class CouponStore(CouponTemplates, Claiming, Codes, Wallets, CouponAuditing):
    """Templates, claims, codes and wallets."""
