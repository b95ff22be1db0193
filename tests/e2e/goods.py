"""What the shop under test sells, put there as an operator would: over HTTP."""

import secrets
from dataclasses import dataclass

from tests.e2e.calls import JSON, Operator, said

_HEADING = "merchant_code,spu_code,sku_code,title,category_code,weight_g,price,published\n"


@dataclass(frozen=True)
class Good:
    """One SKU of one product, and where it lies."""

    sku_id: str
    spu_id: str
    code: str
    price: int
    warehouses: tuple[str, ...]


class Shelves:
    """A merchant with a category, who opens a shelf whenever a test asks for goods of its own."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._code = f"shop-{secrets.token_hex(3)}"
        self._merchant_id: str | None = None

    async def _merchant(self) -> str:
        if self._merchant_id is None:
            who = {"code": self._code, "name": "Hansa Home", "city": "Shanghai", "region": "Shanghai"}
            merchant: JSON = said(await self._operator.post("/v1/catalogue/merchants", who), 201)
            category = {"code": self._code, "name": "All"}
            said(await self._operator.post("/v1/catalogue/categories", category), 201)
            self._merchant_id = str(merchant["merchant_id"])
        return self._merchant_id

    async def import_lines(self, *lines: str) -> JSON:
        """A catalogue file of the merchant's; each line begins with the code of the product."""
        await self._merchant()
        text = _HEADING + "".join(f"{self._code},{line}\n" for line in lines)
        answer = await self._operator.post(
            "/v1/catalogue/import", content=text.encode(), headers={"content-type": "text/csv"}
        )
        return said(answer, 200)

    def line(self, code: str, price: int, *, published: bool = True) -> str:
        """The line of a catalogue file for one product with one SKU; `price` in fen."""
        yuan = f"{price // 100}.{price % 100:02d}"
        return f"{code},{code}-1,Good {code},{self._code},200,{yuan},{str(published).lower()}"

    async def good(self, *units: int, price: int = 1_990, outbound: str = "automatic", published: bool = True) -> Good:
        """A new SKU with so many units in each of as many new warehouses."""
        code = f"good-{secrets.token_hex(5)}"
        report = await self.import_lines(self.line(code, price, published=published))
        assert report["faults_total"] == 0, report
        merchant_id = await self._merchant()
        listed = await self._operator.read(f"/v1/catalogue/products?limit=100&merchant_id={merchant_id}")
        product = next(entry for entry in listed["items"] if entry["code"] == code)
        sku_id = product["skus"][0]["sku_id"]
        warehouses = [await self._warehouse(outbound) for _ in units]
        for warehouse_id, quantity in zip(warehouses, units, strict=True):
            receipt = {"warehouse_id": warehouse_id, "sku_id": sku_id, "quantity": quantity}
            said(await self._operator.post("/v1/inventory/receive", receipt), 200)
        return Good(sku_id, product["spu_id"], code, price, tuple(warehouses))

    async def _warehouse(self, outbound: str) -> str:
        code = f"wh-{secrets.token_hex(5)}"
        place = {"code": code, "merchant_id": await self._merchant(), "name": code, "region": "Shanghai"}
        details = {**place, "city": "Shanghai", "outbound": outbound}
        made = said(await self._operator.post("/v1/inventory/warehouses", details), 201)
        return str(made["warehouse_id"])
