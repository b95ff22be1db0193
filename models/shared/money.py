"""Money: whole minor units of one currency, never a float."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from models.shared.frozen import Frozen

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 alphabetic code."""

MAX_MINOR = 10**15
"""No amount here is larger; it fits a PostgreSQL bigint with room for sums."""


class MoneyMismatch(ValueError):
    """Two currencies met in one sum: a mistake in code, never a business refusal."""


class Money(Frozen):
    """An amount in minor units (fen, centavos, cents) of an ISO 4217 currency. May be negative in a difference."""

    minor: Annotated[int, Field(ge=-MAX_MINOR, le=MAX_MINOR)]
    currency: Currency = "CNY"

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        """Nothing, in that currency."""
        return cls(minor=0, currency=currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise MoneyMismatch(f"{self.currency} met {other.currency}")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(minor=self.minor * quantity, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __str__(self) -> str:
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{abs(self.minor) // 100}.{abs(self.minor) % 100:02d} {self.currency}"

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to `weights` (≥ 0) whose sum is exactly this amount, by the largest remainder.

        Equal remainders go to the earlier part. If all weights are zero the first part takes everything.
        """
        return [Money(minor=part, currency=self.currency) for part in largest_remainder(self.minor, weights)]


def total(amounts: Sequence[Money], currency: Currency) -> Money:
    """The sum of `amounts`, all in `currency`."""
    return sum(amounts, Money.zero(currency))


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an integer by weights so that the parts sum to the whole (Hamilton's method)."""
    if not weights:
        raise ValueError("nothing to split between")
    if min(weights) < 0:
        raise ValueError("a weight cannot be negative")
    whole = sum(weights)
    if whole == 0:
        return [amount] + [0] * (len(weights) - 1)
    size = abs(amount)
    floors = [size * weight // whole for weight in weights]
    left = size - sum(floors)
    if left:
        remainders = [size * weight % whole for weight in weights]
        # Equal ones stay in their order, also when sorted in reverse.
        for index in sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)[:left]:
            floors[index] += 1
    return [-part for part in floors] if amount < 0 else floors
