"""Whose cart a request is about: the account's with an access token, else the one that `X-Cart-Id` names.

The id is a secret of 80 random bits; it travels in a header, where access logs and browser histories do not keep it.
"""

from typing import Annotated

from fastapi import Depends, Header

from api.edge.identity import MaybeUser
from models.cart.types import CartOwner
from models.shared.ids import CartId
from models.shared.refusals import NotFound

VisitorCartId = Annotated[
    CartId | None,
    Header(
        alias="X-Cart-Id",
        description="The `cart_id` of a visitor's cart, as the first `POST /v1/cart/lines` gave it out. Keep it secret. "
        "With an access token it is ignored, but for merging.",
    ),
]


async def _owner(who: MaybeUser, x_cart_id: VisitorCartId = None) -> CartOwner | None:
    return x_cart_id if who is None else who.user_id


async def _known_owner(owner: Annotated[CartOwner | None, Depends(_owner)]) -> CartOwner:
    if owner is None:
        raise NotFound("There is no cart yet: log in, send X-Cart-Id, or add something to start one.")
    return owner


MaybeOwner = Annotated[CartOwner | None, Depends(_owner)]
"""Whose cart; None for a visitor who has none yet."""
Owner = Annotated[CartOwner, Depends(_known_owner)]
"""Whose cart; `NotFound` for a visitor who has none yet."""
