"""How promotions say no."""

from models.shared import Refusal


class CouponNotFound(Refusal):
    """No such coupon in this wallet; another's coupon is answered alike."""

    code = "coupon_not_found"
    title = "No such coupon"


class CouponAlreadyUsed(Refusal):
    """It was redeemed, by this order's buyer in another order, or taken back."""

    code = "coupon_already_used"
    title = "The coupon has been used"


class CouponLocked(Refusal):
    """Another order that is not paid yet holds it. `order_id` says which."""

    code = "coupon_locked"
    title = "The coupon is held by another order"


class CouponNotValid(Refusal):
    """Outside the time in which it is valid. `valid_from`, `valid_until` say when it is."""

    code = "coupon_not_valid"
    title = "The coupon is not valid now"


class CouponNotApplicable(Refusal):
    """The basket does not earn it, or another offer excludes it; nothing is spent. `missed` says why and by how much."""

    code = "coupon_not_applicable"
    title = "The coupon does not apply to this basket"


class CouponSoldOut(Refusal):
    """All coupons of the template have been claimed."""

    code = "coupon_sold_out"
    title = "No coupons left"


class CouponLimitReached(Refusal):
    """This buyer has claimed as many as one may."""

    code = "coupon_limit_reached"
    title = "You have claimed all you may"


class CouponNotClaimable(Refusal):
    """Not offered now: too early, too late, paused, for members, or by code only."""

    code = "coupon_not_claimable"
    title = "The coupon cannot be claimed"


class CouponCodeWrong(Refusal):
    """No coupon code reads like this, or it has been used: both answer alike."""

    code = "coupon_code_wrong"
    title = "The code is wrong or used"


class PromotionUsedUp(Refusal):
    """Its budget or limit was reached between the quote and the order; nothing was spent. `promotion_id` says which."""

    code = "promotion_used_up"
    title = "A promotion ran out"


class PromotionTermsInvalid(Refusal):
    """The terms contradict themselves, or what they name does not exist."""

    code = "promotion_terms_invalid"
    title = "The terms make no sense"


class PromotionOver(Refusal):
    """A rule, campaign or template that has ended does not come back; make a new one."""

    code = "promotion_over"
    title = "It has ended for good"


class PromotionStepIllegal(Refusal):
    """A rule, campaign or limit goes from draft to active, between active and paused, and from anywhere to ended."""

    code = "promotion_step_illegal"
    title = "It cannot become that from here"


class PurchaseLimitReached(Refusal):
    """The buyer would have more than a purchase limit allows. `limits` says which, how many they may still buy."""

    code = "purchase_limit_reached"
    title = "Purchase limit reached"


class BenefitsConflict(Refusal):
    """The order already holds other coupons, points or promotions; what is held is never changed, only given back."""

    code = "benefits_conflict"
    title = "The order holds other coupons or points"


class BenefitsReturned(Refusal):
    """What the order held was given back; a late duplicate never takes it again."""

    code = "benefits_returned"
    title = "Coupons and points were given back"
