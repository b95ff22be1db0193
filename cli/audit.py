"""`hanse audit`: prove that nothing was lost, doubled or left in the air."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import typer
from rich.table import Table

from cli.auditing.findings import Section
from cli.console import DataDir, console, settings_for
from hanse.settings import Settings

_SHOWN = 50


def audit(data_dir: DataDir = None) -> None:
    """Check every invariant of the shop. Exit code 0 when all hold, 1 with a table of what is broken and where to look."""
    settings = settings_for(data_dir)
    with console.status("Looking through every book …"):
        sections = asyncio.run(run_audit(settings))
    show(sections)
    if any(section.findings for section in sections):
        raise typer.Exit(1)


async def run_audit(settings: Settings) -> list[Section]:
    """Every section of the audit, on the stack of these settings."""
    from cli.auditing import across, books
    from hanse.database import Database
    from hanse.temporal import connect
    from stores.aftersales import AftersaleStore
    from stores.fulfillment import FulfillmentStore
    from stores.inventory import InventoryStore
    from stores.orders import OrderStore
    from stores.payments import PaymentStore
    from stores.points import PointsStore
    from stores.promotions import BenefitStore, CouponStore, PromotionStore
    from stores.reviews import ReviewStore, WordStore

    now = datetime.now(UTC)
    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            opened = await Database(settings.dsn(name), max_size=3).open()
            stack.push_async_callback(opened.close)
            return opened

        orders = await database("orders")
        placed = OrderStore(orders)
        paid = PaymentStore(await database("payments"))
        stocked = InventoryStore(await database("inventory"))
        promotions = await database("promotions")
        cases = AftersaleStore(await database("aftersales"))
        reviews = await database("reviews")
        client = await connect(settings)
        return [
            await books.stock(stocked, now),
            await books.money(paid, now),
            await books.orders(placed, FulfillmentStore(orders), now),
            await books.aftersales(cases),
            await books.promotions(PromotionStore(promotions)),
            await books.coupons(CouponStore(promotions)),
            await books.points(PointsStore(promotions)),
            await books.reviews(ReviewStore(reviews, WordStore(reviews))),
            await across.money_of_orders(placed, paid),
            await across.orders_and_workflows(client, placed),
            await across.holds_and_workflows(client, stocked),
            await across.transfers_and_workflows(client, stocked),
            await across.aftersales_and_their_money(client, cases, placed, paid),
            await across.benefits_and_workflows(client, BenefitStore(promotions)),
        ]


def show(sections: list[Section]) -> None:
    """A line for each invariant, then every break with the place to look."""
    summary = Table("invariant", "looked at", "result")
    for section in sections:
        broken = len(section.findings)
        result = f"[red]{broken} broken[/]" if broken else "[green]holds[/]"
        summary.add_row(section.title, section.looked_at, result)
    console.print(summary)
    found = [finding for section in sections for finding in section.findings]
    if not found:
        return
    table = Table("what is broken", "where", "figures", "workflow to look at")
    for finding in found[:_SHOWN]:
        process = {"ord_": "checkout", "trf_": "transfer", "afs_": "aftersale"}.get(finding.subject[:4])
        workflow = f"{process}/{finding.subject}" if process else ""
        table.add_row(finding.check, finding.subject, finding.detail, workflow)
    console.print(table)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more")
