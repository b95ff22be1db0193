"""What goes over the wire about promotions, where it is not a value of the domain itself."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict

from api.spoken import Spoken
from models.promotions.limits import PurchaseLimitTerms
from models.promotions.types import CampaignTerms, PromotionTerms, RuleStatus
from models.shared.ids import EXAMPLE_BODY

_WINDOW = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}
_NEWEST_VERSION = 2**31 - 1

StatusFilter = Annotated[RuleStatus | None, Query(description="Only those of this status.")]


def _like(**example: Any) -> ConfigDict:
    """The example of a request in the API description."""
    return ConfigDict(json_schema_extra={"example": example})


def _yuan(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}


def version_number(text: str) -> int:
    """A cursor's key where versions are listed."""
    number = int(text)
    if not 0 < number <= _NEWEST_VERSION:
        raise ValueError(f"{number} is no version")
    return number


class CampaignRequest(CampaignTerms):
    """Everything a campaign says."""

    model_config = _like(name="春季大促 Spring sale", note="With the home page banner.", **_WINDOW)


class PromotionRequest(PromotionTerms):
    """Everything a rule says."""

    model_config = _like(
        label="满 300 减 40",
        offer={"kind": "spend_save", "tiers": [{"at": _yuan(30_000), "off": _yuan(4_000)}]},
        scope={"categories": [f"cat_{EXAMPLE_BODY}"]},
        group="spring",
        budget=_yuan(10_000_000),
        per_user_limit=3,
        **_WINDOW,
    )


class PurchaseLimitRequest(PurchaseLimitTerms):
    """Everything a purchase limit says."""

    model_config = _like(
        label="每人限购 2 件", scope={"skus": [f"sku_{EXAMPLE_BODY}"]}, quantity=2, window_days=30, **_WINDOW
    )


class RuleStatusRequest(Spoken):
    """What it is to become: `active`, `paused`, or `ended` for good."""

    model_config = _like(status="active")

    status: RuleStatus
