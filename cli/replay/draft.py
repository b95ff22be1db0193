"""The files' rows by order, and the differences found while the script is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, Unpack

from cli.replay.differences import Difference, Moved, from_the_files
from cli.replay.files import FiledLine, FiledPayment, FiledReview, Marketplace

Row = TypeVar("Row", FiledLine, FiledPayment, FiledReview)


@dataclass
class Draft:
    """Rows by order, and the differences found on the way."""

    files: Marketplace
    lines: Mapping[str, list[FiledLine]]
    payments: Mapping[str, list[FiledPayment]]
    reviews: Mapping[str, list[FiledReview]]
    postal_codes: Mapping[str, str]
    differences: list[Difference] = field(default_factory=list)

    def note(self, about: str, kind: str, detail: str, **moved: Unpack[Moved]) -> None:
        """One more difference that the files force."""
        self.differences.append(from_the_files(about, kind, detail, **moved))

    def note_strays(self) -> None:
        """Rows of orders that the files do not have."""
        known = {order.order_id for order in self.files.orders}
        for what, rows in (("lines", self.lines), ("payments", self.payments), ("reviews", self.reviews)):
            for order_id in sorted(rows.keys() - known):
                self.note(order_id, f"{what} without an order", f"{len(rows[order_id])} {what} are left out")


def by_order(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """In the order of the file."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.order_id].append(row)
    return grouped
