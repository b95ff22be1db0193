"""Whether an offer or a limit looks at a line."""

from models.promotions.offers import Scope
from models.promotions.types import OfferLine


def in_scope(scope: Scope, line: OfferLine) -> bool:
    """Whether the scope has this line: named by one of its lists, or none of them names anything, and not excluded."""
    return not _is_excluded(scope, line) and (_names_nothing(scope) or _is_named(scope, line))


def _names_nothing(scope: Scope) -> bool:
    return not (scope.skus or scope.products or scope.categories or scope.brands or scope.merchants)


def _is_named(scope: Scope, line: OfferLine) -> bool:
    return (
        line.sku_id in scope.skus
        or line.spu_id in scope.products
        or line.brand_id in scope.brands
        or line.merchant_id in scope.merchants
        or not set(scope.categories).isdisjoint(line.category_ids)
    )


def _is_excluded(scope: Scope, line: OfferLine) -> bool:
    return (
        line.sku_id in scope.excluded_skus
        or line.spu_id in scope.excluded_products
        or line.brand_id in scope.excluded_brands
        or not set(scope.excluded_categories).isdisjoint(line.category_ids)
    )
