"""What the shop does not do exactly as the files have it. Everything that differs is one of these; nothing is hidden."""

from dataclasses import dataclass
from typing import TypedDict, Unpack


@dataclass(frozen=True)
class Difference:
    """One thing that differs. Every number is the shop's minus the file's; `money_in` and `money_out` are in centavos, `reviews` and
    `stars` those that products are rated by."""

    about: str
    """An order, a product, a seller, as the files name it."""
    kind: str
    detail: str
    explained: bool
    """Whether the files themselves are the reason; anything else is the shop's fault until someone looks."""
    money_in: int = 0
    money_out: int = 0
    reviews: int = 0
    stars: int = 0


class Moved(TypedDict, total=False):
    """By how much a difference moves the sums."""

    money_in: int
    money_out: int
    reviews: int
    stars: int


def from_the_files(about: str, kind: str, detail: str, **moved: Unpack[Moved]) -> Difference:
    """A difference that the files force: they lack or contradict something a shop needs."""
    return Difference(about, kind, detail, explained=True, **moved)


def in_the_shop(about: str, kind: str, detail: str, **moved: Unpack[Moved]) -> Difference:
    """A difference that the files do not explain."""
    return Difference(about, kind, detail, explained=False, **moved)


def amount(centavos: int) -> str:
    """As people read it: `1234.56`."""
    return f"{'-' if centavos < 0 else ''}{abs(centavos) // 100}.{abs(centavos) % 100:02d}"
