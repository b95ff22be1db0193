"""Campaigns and rules, as operators keep them."""

from collections.abc import Mapping

from asyncpg import Record

from models.promotions.errors import PromotionTermsInvalid
from models.promotions.terms import check_rule, check_window, currency_of_rule
from models.promotions.types import Campaign, CampaignTerms, Promotion, PromotionTerms
from models.shared import Money
from models.shared.ids import CampaignId, PromotionId
from stores.promotions.versioned import Versioned, common_fields


class Campaigns(Versioned[CampaignId, CampaignTerms, Campaign]):
    """A campaign's window and status narrow those of the rules and limits in it."""

    table = "campaigns"
    history = "campaign_versions"
    key = "campaign_id"
    noun = "campaign"
    in_campaigns = False
    _reads = CampaignTerms

    def _check(self, terms: CampaignTerms) -> None:
        check_window(terms.starts_at, terms.ends_at)

    def _repeated(self, terms: CampaignTerms) -> Mapping[str, object]:
        return {"starts_at": terms.starts_at, "ends_at": terms.ends_at}

    def _kept(self, row: Record) -> Campaign:
        return Campaign(
            campaign_id=CampaignId(row["campaign_id"]),
            terms=CampaignTerms.model_validate(row["terms"]),
            **common_fields(row),
        )


class Rules(Versioned[PromotionId, PromotionTerms, Promotion]):
    """Rules never speak another currency than they began with, and their budget and total limit never fall below what
    orders have used already."""

    table = "promotions"
    history = "promotion_versions"
    key = "promotion_id"
    noun = "promotion"
    _reads = PromotionTerms

    def _check(self, terms: PromotionTerms) -> None:
        check_rule(terms)

    def _check_revision(self, row: Record, terms: PromotionTerms) -> None:
        if currency_of_rule(terms) != row["currency"]:
            raise PromotionTermsInvalid(
                f"The rule is counted in {row['currency']} and stays so; make a new one.", field="offer"
            )
        if terms.budget is not None and terms.budget.minor < row["used_minor"]:
            used = Money(minor=row["used_minor"], currency=row["currency"])
            raise PromotionTermsInvalid(
                f"Orders have used {used} already, so the budget cannot be {terms.budget}. Pause or end the rule to stop it.",
                field="budget",
            )
        if terms.total_limit is not None and terms.total_limit < row["used_orders"]:
            raise PromotionTermsInvalid(
                f"{row['used_orders']} orders have used it already, so the limit cannot be {terms.total_limit}. "
                "Pause or end the rule to stop it.",
                field="total_limit",
            )

    def _repeated(self, terms: PromotionTerms) -> Mapping[str, object]:
        return {
            "starts_at": terms.starts_at,
            "ends_at": terms.ends_at,
            "campaign_id": terms.campaign_id,
            "budget_minor": terms.budget.minor if terms.budget else None,
            "total_limit": terms.total_limit,
            "per_user_limit": terms.per_user_limit,
        }

    def _at_first(self, terms: PromotionTerms) -> Mapping[str, object]:
        return {"currency": currency_of_rule(terms), "used_orders": 0, "used_minor": 0}

    def _kept(self, row: Record) -> Promotion:
        return Promotion(
            promotion_id=PromotionId(row["promotion_id"]),
            terms=PromotionTerms.model_validate(row["terms"]),
            used_orders=row["used_orders"],
            used_amount=Money(minor=row["used_minor"], currency=row["currency"]),
            **common_fields(row),
        )
