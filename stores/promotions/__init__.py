"""The database `promotions`: rules with their versions, and what orders use of them; purchase limits; coupons.

`rules` and `limits` are the operator's side (what they share is in `versioned`), `offering` is what quotes and receipts ask,
`uses` what orders take, `auditing` proves.

Coupons: `coupon_templates` is the operator's side, `coupon_claiming` and `coupon_codes` bring coupons into wallets,
`coupon_wallets` shows them, `coupon_auditing` proves. `benefits` is what an order spends of all this: coupons, uses of rules, and
points (`stores/points`), in one transaction.
"""

from hanse.database import Database
from stores.promotions.auditing import Auditing
from stores.promotions.benefits import BenefitStore
from stores.promotions.coupons import CouponStore
from stores.promotions.limits import PurchaseLimitStore
from stores.promotions.offering import Offering
from stores.promotions.rules import Campaigns, Rules


class PromotionStore(Offering, Auditing):
    """What promotions promise; `campaigns` and `rules` keep what operators decide. Built with `PromotionStore(database)`."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.campaigns = Campaigns(db)
        self.rules = Rules(db)


__all__ = ["BenefitStore", "CouponStore", "PromotionStore", "PurchaseLimitStore"]
