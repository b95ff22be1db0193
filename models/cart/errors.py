"""Refusals of carts. What cannot be sold is refused in the words of orders (`unknown_sku`, `sku_unpublished`, …)."""

from models.shared import Refusal


class CartFull(Refusal):
    """The cart, or the list of what is saved for later, holds as many different articles as it can. Remove one first."""

    code = "cart_full"
    title = "No room for another article"


class CartMerged(Refusal):
    """This visitor's cart went into an account and takes no more changes; leave its id out to start a new one."""

    code = "cart_merged"
    title = "The cart has gone into an account"


class CartUnavailable(Refusal):
    """Visitors' carts are out of reach for a moment; carts of accounts go on. Ask again after `retry_after` seconds."""

    code = "cart_unavailable"
    title = "Visitors' carts are out of reach"
