"""What the shop does not do exactly as the files have it. Everything that differs is one of these; nothing is hidden."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `money_in` and `money_out` are the shop's minus the file's, in centavos."""

    about: str
    """An order, a product, a seller, as the files name it."""
    kind: str
    detail: str
    explained: bool
    """Whether the files themselves are the reason; anything else is the shop's fault until someone looks."""
    money_in: int = 0
    money_out: int = 0


def from_the_files(about: str, kind: str, detail: str, *, money_in: int = 0, money_out: int = 0) -> Difference:
    """A difference that the files force: they lack or contradict something a shop needs."""
    return Difference(about, kind, detail, explained=True, money_in=money_in, money_out=money_out)


def in_the_shop(about: str, kind: str, detail: str, *, money_in: int = 0, money_out: int = 0) -> Difference:
    """A difference that the files do not explain."""
    return Difference(about, kind, detail, explained=False, money_in=money_in, money_out=money_out)


def amount(centavos: int) -> str:
    """As people read it: `1234.56`."""
    return f"{'-' if centavos < 0 else ''}{abs(centavos) // 100}.{abs(centavos) % 100:02d}"
