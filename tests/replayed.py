"""Writes a small made-up marketplace as the CSV files that `hanse replay-orders` reads."""

import csv
from collections.abc import Sequence
from pathlib import Path

_HEADERS = {
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_delivered_carrier_date,"
    "order_delivered_customer_date",
    "items": "order_id,product_id,seller_id,price,freight_value",
    "reviews": "order_id,review_score,review_comment_message,review_creation_date",
    "payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "products": "product_id,category,product_weight_g",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
}


class Market:
    """A marketplace in the making: one seller and two products to begin with, everything else as a test says."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Sequence[object]]] = {name: [] for name in _HEADERS}
        self.rows["sellers"].append(("seller-1", "01310", "sao paulo", "SP"))
        self.rows["products"] += [("vase", "home_decor", "900"), ("kettle", "kitchen", "1500")]

    def order(
        self,
        name: str,
        state: str = "delivered",
        *,
        lines: Sequence[tuple[object, ...]] = (("vase", "seller-1", "20.00", "5.50"),),
        paid: Sequence[tuple[object, ...]] = (("credit_card", 3, "25.50"),),
        at: str = "2017-11-24T10:00:00Z",
        carrier: str = "",
        delivered: str = "",
        reviews: Sequence[tuple[object, ...]] = (),
        person: str | None = None,
        customer: bool = True,
    ) -> "Market":
        """One more order: `lines` are product, seller, price, freight; `paid` are type, instalments, amount; `reviews` are stars,
        text, day."""
        self.rows["orders"].append((name, f"c-{name}", state, at, carrier, delivered))
        self.rows["items"] += [(name, *line) for line in lines]
        self.rows["payments"] += [(name, number, *payment) for number, payment in enumerate(paid, 1)]
        self.rows["reviews"] += [(name, *review) for review in reviews]
        if customer:
            self.rows["customers"].append((f"c-{name}", person or f"person-{name}", "20040", "rio de janeiro", "RJ"))
        return self

    def write(self, folder: Path) -> Path:
        """The files, in this folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, header in _HEADERS.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(header.split(","))
                rows.writerows(self.rows[name])
        return folder
