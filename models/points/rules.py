"""What points are worth, how many an order takes, and what is earned and given back. Pure."""

from models.shared import Money


def due_back(earned: int, paid: Money, refunded: Money, whole: bool) -> int:
    """How many of the points earned on `paid` are due back when `refunded` of it went back in all, rounded down;
    exactly what was earned once everything went back."""
    if whole or paid <= refunded:
        return earned
    return earned * refunded.minor // paid.minor
