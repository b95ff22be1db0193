"""A visitor logs in: the cart they filled before goes into their account's."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header

from api.cart.showing import caps_of
from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.cart.errors import CartUnavailable
from models.cart.types import MergeReport
from models.shared.ids import CartId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated

router = APIRouter(prefix="/v1/cart", tags=["cart"])


@router.post(
    "/merge", summary="Merge the visitor's cart", responses=refusals(NotAuthenticated, NotFound, CartUnavailable)
)
async def merge_cart(
    who: CurrentUser,
    shop: Wired,
    x_cart_id: Annotated[CartId, Header(alias="X-Cart-Id", description="The visitor's cart.")],
) -> MergeReport:
    """Units of a SKU are summed, up to what one order may take and what is in stock; each line is reported.

    What cannot be in the cart is saved for later. The visitor's cart is empty afterwards and takes no more changes.
    Safe to repeat: the same report comes back and nothing changes.
    """
    return await shop.carts.merge(who.user_id, x_cart_id, partial(caps_of, shop), shop.clock())
