"""Stripe: payment by card on its Checkout page."""

from channels.payment.stripe.account import StripeAccount
from channels.payment.stripe.channel import StripeChannel

__all__ = ["StripeAccount", "StripeChannel"]
