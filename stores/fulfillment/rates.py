"""What merchants ask for sending goods."""

from collections.abc import Collection

from asyncpg import Record

from models.orders.types import ShippingRate
from models.shared import Money
from models.shared.ids import MerchantId, SkuId
from stores.fulfillment.room import Room


class Rates(Room):
    """Shipping rates; which of them wins for a line is a rule (`models/orders/quoting.py`)."""

    async def put_rate(self, rate: ShippingRate) -> None:
        """Set the rate of a merchant, SKU (or all), country and postal prefix; it replaces the one that was there."""
        async with self._db.reader() as connection:
            await connection.execute(
                """
                INSERT INTO shipping_rates (merchant_id, sku_id, country, postal_prefix, currency, base_minor, per_unit_minor)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (merchant_id, sku_id, country, postal_prefix) DO UPDATE
                    SET currency = excluded.currency, base_minor = excluded.base_minor,
                        per_unit_minor = excluded.per_unit_minor
                """,
                rate.merchant_id,
                rate.sku_id,
                rate.country,
                rate.postal_prefix,
                rate.base.currency,
                rate.base.minor,
                rate.per_unit.minor,
            )

    async def remove_rate(
        self, merchant_id: MerchantId, sku_id: SkuId | None, country: str, postal_prefix: str
    ) -> None:
        """Take a rate away; nothing happens if there is none."""
        async with self._db.reader() as connection:
            await connection.execute(
                """
                DELETE FROM shipping_rates WHERE merchant_id = $1 AND sku_id IS NOT DISTINCT FROM $2 AND country = $3
                    AND postal_prefix = $4
                """,
                merchant_id,
                sku_id,
                country,
                postal_prefix,
            )

    async def rates_for(
        self, merchant_ids: Collection[MerchantId], sku_ids: Collection[SkuId], country: str
    ) -> list[ShippingRate]:
        """Every rate that could apply to these SKUs of these merchants in a country, in one round trip."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM shipping_rates
                WHERE merchant_id = ANY($1) AND country = $3 AND (sku_id IS NULL OR sku_id = ANY($2))
                """,
                list(merchant_ids),
                list(sku_ids),
                country,
            )
        return [_rate(row) for row in rows]

    async def rates_of(self, merchant_id: MerchantId) -> list[ShippingRate]:
        """All rates of a merchant, the general ones first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM shipping_rates WHERE merchant_id = $1
                ORDER BY sku_id NULLS FIRST, country, postal_prefix
                """,
                merchant_id,
            )
        return [_rate(row) for row in rows]


def _rate(row: Record) -> ShippingRate:
    return ShippingRate(
        merchant_id=row["merchant_id"],
        sku_id=row["sku_id"],
        country=row["country"],
        postal_prefix=row["postal_prefix"],
        base=Money(minor=row["base_minor"], currency=row["currency"]),
        per_unit=Money(minor=row["per_unit_minor"], currency=row["currency"]),
    )
