"""What goes over the wire about coupons, where it is not a value of the domain itself."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api.spoken import Spoken
from models.orders.types import LineRequest
from models.promotions.coupons import Coupon, CouponTerms
from models.promotions.types import Label, MissedOffer
from models.promotions.wallets import MOST_CODES
from models.shared import Money
from models.shared.ids import EXAMPLE_BODY, CouponId, CouponTemplateId

_CODE = "7K2M-Q0XD-91VB-ETNA"


def _like(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class ClaimRequest(Spoken):
    """Either a template of the list, or a code."""

    model_config = _like({"template_id": f"ctp_{EXAMPLE_BODY}"}, {"code": _CODE})

    template_id: CouponTemplateId | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """Small letters, spaces and the letter O for a zero are forgiven."""

    @model_validator(mode="after")
    def _names_one(self) -> "ClaimRequest":
        if (self.template_id is None) == (self.code is None):
            raise ValueError("name either template_id or code")
        return self


class ValidateRequest(Spoken):
    """A basket, and one of your coupons; without `coupon_id`, all of the wallet that can be used now."""

    model_config = _like(
        {"lines": [{"sku_id": f"sku_{EXAMPLE_BODY}", "quantity": 2}], "coupon_id": f"cpn_{EXAMPLE_BODY}"}
    )

    lines: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=100)]
    coupon_id: CouponId | None = None


class CouponTried(Spoken):
    """What one coupon does to a basket, together with the promotions that run."""

    coupon: Coupon
    applies: bool
    saves: Money
    """What the coupon takes off; zero if it does not apply."""
    cheaper_by: Money
    """How much less the basket costs with it than without: less than `saves` when it takes the place of another offer."""
    missed: MissedOffer | None
    """Why it does not apply and what is missing; null if it applies, or looks at nothing in this basket."""
    refused: str | None
    """The code of the refusal if it cannot be used now, whatever the basket: used, held by another order, not valid."""


class CouponsTried(Spoken):
    """Each coupon that was tried, by itself."""

    coupons: tuple[CouponTried, ...]


class CouponTemplateRequest(CouponTerms):
    """Everything a template says."""

    model_config = _like(
        {
            "label": "满 100 减 10",
            "offer": {
                "kind": "spend_save",
                "tiers": [{"at": {"minor": 10_000, "currency": "CNY"}, "off": {"minor": 1_000, "currency": "CNY"}}],
            },
            "claim_from": "2026-11-20T00:00:00Z",
            "claim_until": "2026-12-01T00:00:00Z",
            "valid_days": 30,
            "quantity": 10_000,
        }
    )


class BatchRequest(Spoken):
    """So many new codes; the label says what they are for."""

    model_config = _like({"label": "Letters to schools, spring", "codes": 5_000})

    label: Label
    codes: Annotated[int, Field(ge=1, le=MOST_CODES)]
