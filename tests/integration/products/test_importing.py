"""Catalogue files: in, out, and again."""

import asyncio
import io
from collections.abc import Mapping

import pytest

from models.products.errors import ImportUnreadable
from models.products.files import FileFormat, read_file, write_page
from models.products.lines import LineFault
from models.products.types import Product, SkuDraft
from models.shared import Money
from models.shared.ids import SkuId
from models.shared.refusals import StaleVersion
from stores.products.bulk import BatchDone
from tests.integration.products.catalogue import HOUR, NOW, Catalogue

HEADER = "merchant_code,spu_code,sku_code,title,description,category_code,brand_code,attributes,options,barcode,weight_g,price,published"
GOOD = "hansa,tee,tee-{0},T-shirt T恤,Soft,shirts,alster,fabric=cotton;length=70,Size={0},,180,59.90,yes"


def csv_of(*lines: str) -> bytes:
    return "\r\n".join([HEADER, *lines, ""]).encode()


async def bring_in(
    catalogue: Catalogue, content: bytes, file_format: FileFormat = "csv", hours: int = 0
) -> list[BatchDone]:
    lines = read_file(io.BytesIO(content), file_format)
    now = NOW + hours * HOUR
    return [done async for done in catalogue.bulk.import_lines(lines, now=now, decided_by="import")]


async def everything(catalogue: Catalogue) -> list[Product]:
    return await catalogue.products.page_of_products(NOW + 9 * HOUR, limit=100)


def faults_of(done: list[BatchDone]) -> list[LineFault]:
    return [fault for batch in done for fault in batch.faults]


async def test_a_csv_file_becomes_products_with_skus_and_prices(catalogue: Catalogue) -> None:
    [done] = await bring_in(catalogue, b"\xef\xbb\xbf" + csv_of(GOOD.format("M"), GOOD.format("L")))
    assert (done.lines, done.products_created, done.skus_created, done.prices_changed) == (2, 1, 2, 2)
    assert done.faults == ()
    assert sorted({change.kind for change in done.changes}) == [
        "price_changed", "product_created", "product_published", "sku_created",
    ]  # fmt: skip
    [product] = await everything(catalogue)
    assert product.title == "T-shirt T恤"
    assert product.attributes == {"fabric": "cotton", "length": 70}
    assert product.is_published
    assert {sku.code: (sku.options, sku.price) for sku in product.skus} == {
        "tee-M": ({"Size": "M"}, Money(minor=5990)),
        "tee-L": ({"Size": "L"}, Money(minor=5990)),
    }


async def test_importing_a_file_twice_changes_nothing_the_second_time(catalogue: Catalogue) -> None:
    content = csv_of(*(GOOD.format(size) for size in "SML"))
    await bring_in(catalogue, content)
    before = await everything(catalogue)
    [again] = await bring_in(catalogue, content, hours=1)
    assert again.changes == ()
    assert again.unchanged == 3
    assert await everything(catalogue) == before
    assert len(await catalogue.products.price_history(before[0].skus[0].sku_id)) == 1


async def test_an_import_changes_what_differs_and_appends_the_new_price(catalogue: Catalogue) -> None:
    await bring_in(catalogue, csv_of(GOOD.format("M"), GOOD.format("L")))
    line = (
        GOOD.format("M").replace("59.90", "49.90").replace("Soft", "Softer").replace("180", "190").replace("yes", "no")
    )
    [done] = await bring_in(catalogue, csv_of(line), hours=1)
    assert (done.products_changed, done.skus_changed, done.prices_changed) == (1, 1, 1)
    [product] = await everything(catalogue)
    assert (product.description, product.is_published, product.version) == ("Softer", False, 2)
    changed = next(sku for sku in product.skus if sku.code == "tee-M")
    assert changed.weight_g == 190
    history = await catalogue.products.price_history(changed.sku_id)
    assert [point.price.minor for point in history] == [4990, 5990]


async def test_empty_price_and_published_cells_leave_them_as_they_are(catalogue: Catalogue) -> None:
    await bring_in(catalogue, csv_of(GOOD.format("M")))
    before = await everything(catalogue)
    [done] = await bring_in(catalogue, csv_of(GOOD.format("M").replace("59.90,yes", ",")), hours=1)
    assert done.unchanged == 1
    assert await everything(catalogue) == before


BAD: Mapping[str, tuple[str, str]] = {
    "an unknown merchant": (GOOD.format("X").replace("hansa", "nobody"), "merchant_code"),
    "an unknown category": (GOOD.format("X").replace("tee,", "tea,").replace("shirts", "hats"), "category_code"),
    "an unknown brand": (GOOD.format("X").replace("tee,", "tea,").replace("alster", "elbe"), "brand_code"),
    "a wrong attribute": (GOOD.format("X").replace("tee,", "tea,").replace("cotton", "paper"), "attributes"),
    "a broken pair": (GOOD.format("X").replace("Size=X", "Size"), "options"),
    "a mistyped barcode": (GOOD.format("X").replace(",,180", ",4006381333932,180"), "barcode"),
    "a weight with a comma": (GOOD.format("X").replace("180", '"1,5"'), "weight_g"),
    "a price with three decimals": (GOOD.format("X").replace("59.90", "59.905"), "price"),
    "no title": (GOOD.format("X").replace("T-shirt T恤", ""), "title"),
    "a cell too few": (GOOD.format("X").removesuffix(",yes"), ""),
    "a SKU that was there already": (GOOD.format("M"), "sku_code"),
    "a product that differs": (GOOD.format("X").replace("Soft", "Hard"), "spu_code"),
    "options of a sibling": (GOOD.format("X").replace("Size=X", "size=m"), "options"),
    "the SKU of another product": (GOOD.format("M").replace("tee,", "tea,"), "sku_code"),
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_line_is_reported_by_number_and_column_and_the_others_are_done(
    catalogue: Catalogue, bad: str
) -> None:
    line, column = BAD[bad]
    if bad == "the SKU of another product":
        await bring_in(catalogue, csv_of(GOOD.format("M")))
        content = csv_of(line, GOOD.format("S"), GOOD.format("L"))
        expected_line, skus = 2, 3
    else:
        content = csv_of(GOOD.format("M"), line, GOOD.format("L"))
        expected_line, skus = 3, 2
    done = await bring_in(catalogue, content)

    [fault] = faults_of(done)
    assert (fault.line, fault.column) == (expected_line, column)
    assert fault.wrong
    assert fault.to_do
    assert [len(product.skus) for product in await everything(catalogue)] == [skus]


async def test_a_file_in_another_encoding_is_named_as_such(catalogue: Catalogue) -> None:
    gbk = (HEADER + "\n" + GOOD.format("M")).encode("gbk")
    [fault] = faults_of(await bring_in(catalogue, gbk))
    assert fault.line == 2
    assert "UTF-8" in fault.wrong
    with pytest.raises(ImportUnreadable, match="UTF-16"):
        await bring_in(catalogue, csv_of(GOOD.format("M")).decode().encode("utf-16"))
    assert await everything(catalogue) == []


async def test_a_file_without_the_columns_is_refused_naming_them(catalogue: Catalogue) -> None:
    with pytest.raises(ImportUnreadable) as refused:
        await bring_in(catalogue, b"merchant_code,colour\nhansa,red\n")
    assert refused.value.fields["unknown"] == ["colour"]
    assert "sku_code" in refused.value.fields["missing"]
    with pytest.raises(ImportUnreadable):
        await bring_in(catalogue, b"")


@pytest.mark.parametrize("file_format", ["csv", "json"])
async def test_an_export_imports_without_a_change(catalogue: Catalogue, file_format: FileFormat) -> None:
    await bring_in(catalogue, csv_of(GOOD.format("M"), GOOD.format("L")))
    nasty = '=HYPERLINK("evil"), 中文;a=b'
    await catalogue.product("nasty", title="+cmd", description=f"'{nasty}\nsecond line", attributes={"fabric": "linen"})
    [product] = [one for one in await everything(catalogue) if one.code == "nasty"]
    await catalogue.sku(product, "nasty-1", **{"=Size;": "@M\\=1"})

    pages = [page async for page in catalogue.bulk.export(NOW + HOUR)]
    text = "".join(write_page(page, file_format, first=number == 0) for number, page in enumerate(pages))
    before = await everything(catalogue)
    [done] = await bring_in(catalogue, text.encode(), file_format, hours=1)

    assert done.faults == ()
    assert (done.lines, done.changes) == (3, ())
    assert await everything(catalogue) == before


async def test_options_can_pass_from_one_sku_to_another_in_one_import(catalogue: Catalogue) -> None:
    await bring_in(catalogue, csv_of(GOOD.format("M"), GOOD.format("L")))
    moved = [GOOD.format("M").replace("Size=M", "Size=XL"), GOOD.format("L").replace("Size=L", "Size=M")]
    [done] = await bring_in(catalogue, csv_of(*moved), hours=1)
    assert done.faults == ()
    [product] = await everything(catalogue)
    assert {sku.code: sku.options["Size"] for sku in product.skus} == {"tee-M": "XL", "tee-L": "M"}


async def test_two_imports_of_one_file_at_once_make_one_catalogue(catalogue: Catalogue) -> None:
    content = csv_of(*(GOOD.format(number) for number in range(1500)))
    both = await asyncio.gather(*(bring_in(catalogue, content) for _ in range(2)))
    assert sum(batch.skus_created for done in both for batch in done) == 1500
    assert sum(batch.unchanged for done in both for batch in done) == 1500
    [product] = await everything(catalogue)
    assert len({SkuId(sku.sku_id) for sku in product.skus}) == 1500


async def test_skus_are_shown_in_the_order_of_their_codes_numbers_by_value(catalogue: Catalogue) -> None:
    await bring_in(catalogue, csv_of(*(GOOD.format(number) for number in (10, 9, 2, 1))))
    [product] = await everything(catalogue)
    assert [sku.code for sku in product.skus] == ["tee-1", "tee-2", "tee-9", "tee-10"]


async def test_operators_and_an_import_change_one_product_without_deadlock_or_loss(catalogue: Catalogue) -> None:
    await bring_in(catalogue, csv_of(GOOD.format("M")))
    [product] = await everything(catalogue)
    now = NOW + HOUR

    async def add(number: int) -> None:
        draft = SkuDraft(options={"Size": f"own-{number}"}, weight_g=1)
        sku_id, code = SkuId.derive(NOW, f"own-{number}"), f"own-{number}"
        while True:
            version = (await catalogue.products.product(product.spu_id, now)).version
            try:
                await catalogue.edits.create_sku(product.spu_id, version, sku_id, code, draft, now)
            except StaleVersion:
                continue
            return

    imports = [
        bring_in(catalogue, csv_of(*(GOOD.format(f"{part}-{n}") for n in range(50))), hours=1) for part in range(4)
    ]
    done = await asyncio.gather(*(add(number) for number in range(6)), *imports)

    assert [faults_of(one) for one in done if one is not None] == [[]] * 4
    [after] = await everything(catalogue)
    assert len(after.skus) == 1 + 6 + 200
    assert after.version == product.version + 6 + 4
