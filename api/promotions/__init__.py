"""Routes of promotions: what runs now, for everyone (`showing.py`); campaigns, rules and purchase limits, for operators with
`promotions` (`campaigns.py`, `rules.py`, `limits.py`). Coupons: what buyers do (`coupons.py`, `trying.py`), templates, batches of
codes and single coupons for operators (`coupon_templates.py`, `coupon_codes.py`).

A revision makes a new version and names in If-Match the version it was decided on; a status names it too, but makes none.
"""

from api.promotions import campaigns, coupon_codes, coupon_templates, coupons, limits, rules, showing

routers = (
    showing.router,
    campaigns.adding,
    campaigns.keeping,
    rules.adding,
    rules.keeping,
    limits.adding,
    limits.keeping,
    coupons.claiming,
    coupons.validating,
    coupons.versioned,
    coupons.wallet,
    coupon_templates.adding,
    coupon_templates.keeping,
    coupon_codes.router,
)

__all__ = ["routers"]
