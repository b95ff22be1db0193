"""The files of a marketplace as they stand: orders, lines, payments, reviews, products, sellers,
customers. Amounts in centavos."""

import csv
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from hanse.stack.part import StackError
from models.products.amounts import parse_amount
from models.products.errors import AmountInvalid

CURRENCY = "BRL"
_FILES = ("orders", "items", "payments", "products", "sellers", "customers")
_Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class FiledOrder:
    """A row of orders.csv. `state` is the file's own word."""

    order_id: str
    customer_id: str
    state: str
    bought_at: datetime
    handed_to_carrier_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class FiledLine:
    """A row of items.csv: one unit."""

    order_id: str
    product_id: str
    seller_id: str
    price: int
    freight: int


@dataclass(frozen=True)
class FiledPayment:
    """A row of payments.csv."""

    order_id: str
    number: int
    kind: str
    instalments: int
    amount: int


@dataclass(frozen=True)
class FiledReview:
    """A row of reviews.csv: what the buyer says of a whole order. `text` is empty for most; `asked_at` is the day the buyer was
    asked for it."""

    order_id: str
    stars: int
    text: str
    asked_at: datetime


@dataclass(frozen=True)
class FiledProduct:
    """A row of products.csv."""

    product_id: str
    category: str
    weight_g: int


@dataclass(frozen=True)
class FiledPlace:
    """Where a seller or a customer is. `person` is the same for all orders of one customer."""

    id: str
    person: str
    postal_prefix: str
    city: str
    state: str


@dataclass(frozen=True)
class Marketplace:
    """Everything the files say. `fingerprint` names exactly this content."""

    orders: tuple[FiledOrder, ...]
    lines: tuple[FiledLine, ...]
    payments: tuple[FiledPayment, ...]
    reviews: tuple[FiledReview, ...]
    products: dict[str, FiledProduct]
    sellers: dict[str, FiledPlace]
    customers: dict[str, FiledPlace]
    fingerprint: str


def read_marketplace(folder: Path) -> Marketplace:
    """Read a folder of CSV files; only reviews.csv may be missing. `StackError` names the file and line of what cannot be read."""
    if missing := [f"{name}.csv" for name in _FILES if not (folder / f"{name}.csv").is_file()]:
        raise StackError(f"{folder} has no {', '.join(missing)}; name the folder with the marketplace's CSV files")
    digest = hashlib.sha256()
    reviewed = (folder / "reviews.csv").is_file()
    for name in (*_FILES, *(("reviews",) if reviewed else ())):
        digest.update((folder / f"{name}.csv").read_bytes())
    products = _read(folder, "products", _product)
    sellers = _read(folder, "sellers", lambda row: _place(row, "seller", row["seller_id"]))
    customers = _read(folder, "customers", lambda row: _place(row, "customer", row["customer_unique_id"]))
    return Marketplace(
        orders=tuple(_read(folder, "orders", _order)),
        lines=tuple(_read(folder, "items", _line)),
        payments=tuple(_read(folder, "payments", _payment)),
        reviews=tuple(_read(folder, "reviews", _review)) if reviewed else (),
        products={product.product_id: product for product in products},
        sellers={seller.id: seller for seller in sellers},
        customers={customer.id: customer for customer in customers},
        fingerprint=digest.hexdigest()[:16],
    )


def _read(folder: Path, name: str, parse: Callable[[_Row], T]) -> list[T]:
    return list(_parsed(folder / f"{name}.csv", parse))


def _parsed(path: Path, parse: Callable[[_Row], T]) -> Iterator[T]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        try:
            for row in rows:
                yield parse(row)
        except KeyError as column:
            raise StackError(f"{path} has no column {column}") from column
        except (ValueError, TypeError, AmountInvalid) as fault:
            raise StackError(f"{path}, line {rows.line_num} cannot be read: {fault}") from fault


def _order(row: _Row) -> FiledOrder:
    return FiledOrder(
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        state=row["order_status"],
        bought_at=_moment(row["order_purchase_timestamp"]),
        handed_to_carrier_at=_moment_or_none(row.get("order_delivered_carrier_date")),
        delivered_at=_moment_or_none(row.get("order_delivered_customer_date")),
    )


def _line(row: _Row) -> FiledLine:
    return FiledLine(
        order_id=row["order_id"],
        product_id=row["product_id"],
        seller_id=row["seller_id"],
        price=_centavos(row["price"]),
        freight=_centavos(row["freight_value"]),
    )


def _payment(row: _Row) -> FiledPayment:
    return FiledPayment(
        order_id=row["order_id"],
        number=int(row["payment_sequential"]),
        kind=row["payment_type"],
        instalments=int(row["payment_installments"] or 1),
        amount=_centavos(row["payment_value"]),
    )


def _review(row: _Row) -> FiledReview:
    stars = int(row["review_score"])
    if not 1 <= stars <= 5:
        raise ValueError(f"a review has 1 to 5 stars, not {stars}")
    text = row["review_comment_message"].strip()
    return FiledReview(row["order_id"], stars, text, _moment(row["review_creation_date"]))


def _product(row: _Row) -> FiledProduct:
    category = row["category"] if "category" in row else row["product_category_name"]
    return FiledProduct(row["product_id"], category, round(float(row["product_weight_g"] or 0)))


def _place(row: _Row, who: str, person: str) -> FiledPlace:
    prefix, city, state = (row[f"{who}_{part}"] for part in ("zip_code_prefix", "city", "state"))
    return FiledPlace(row[f"{who}_id"], person, prefix.zfill(5), city, state)


def _centavos(text: str) -> int:
    return parse_amount(text, CURRENCY).minor


def _moment_or_none(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
