"""Terms name SKUs, products, categories, brands and merchants: all of them must exist in the catalogue."""

from api.edge.wired import Wired
from models.promotions.errors import PromotionTermsInvalid
from models.promotions.offers import Offer, Scope
from models.promotions.terms import named_by

_TOLD = 20


async def check_names(shop: Wired, scope: Scope, offer: Offer | None = None) -> None:
    """`PromotionTermsInvalid` with `unknown`: the ids that name nothing."""
    unknown = await shop.products.unknown(named_by(scope, offer))
    if unknown:
        told = ", ".join(unknown[:_TOLD]) + (" …" if len(unknown) > _TOLD else "")
        raise PromotionTermsInvalid(f"The catalogue does not have {told}.", unknown=list(unknown))
