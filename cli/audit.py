"""`hanse audit`: prove that nothing was lost, doubled or left in the air."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from cli.console import DataDir, console, settings_for
from hanse.settings import Settings
from models.auditing.rules import LOOKS, still_broken
from models.auditing.types import Invariant, Section

if TYPE_CHECKING:
    from activities.auditing import Auditor

_SHOWN = 50
_LOOK_AGAIN_AFTER = 3.0
"""Seconds."""


def audit(data_dir: DataDir = None) -> None:
    """Check every invariant of the shop. Exit code 0 when all hold, 1 with a table of what is broken and where to look.

    Safe while people order: what looks broken is looked at again, and counts only when every look sees it.
    """
    settings = settings_for(data_dir)
    with console.status("Looking through every book …"):
        sections = asyncio.run(sure_audit(settings))
    show(sections)
    if any(section.findings for section in sections):
        raise typer.Exit(1)


async def sure_audit(settings: Settings) -> list[Section]:
    """Every section, with only what each of several looks saw broken: as the process `Audit` judges."""
    async with open_auditor(settings) as auditor:
        sections = [await auditor.look(invariant, datetime.now(UTC)) for invariant in Invariant]
        for _ in range(LOOKS - 1):
            if not any(section.findings for section in sections):
                break
            await asyncio.sleep(_LOOK_AGAIN_AFTER)
            sections = [
                still_broken(before, await auditor.look(before.invariant, datetime.now(UTC)))
                if before.findings
                else before
                for before in sections
            ]
        return sections


async def run_audit(settings: Settings) -> list[Section]:
    """Every section as one look sees it, on the stack of these settings."""
    async with open_auditor(settings) as auditor:
        return [await auditor.look(invariant, datetime.now(UTC)) for invariant in Invariant]


@asynccontextmanager
async def open_auditor(settings: Settings) -> "AsyncIterator[Auditor]":
    """The auditor on the stack of these settings."""
    from activities.auditing import Auditor
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

    async with AsyncExitStack() as stack:

        async def database(name: str) -> Database:
            return await stack.enter_async_context(Database(settings.dsn(name), max_size=3))

        orders, promotions, reviews = await database("orders"), await database("promotions"), await database("reviews")
        yield Auditor(
            client=await connect(settings),
            orders=OrderStore(orders),
            parcels=FulfillmentStore(orders),
            inventory=InventoryStore(await database("inventory")),
            payments=PaymentStore(await database("payments")),
            promotions=PromotionStore(promotions),
            coupons=CouponStore(promotions),
            benefits=BenefitStore(promotions),
            points=PointsStore(promotions),
            cases=AftersaleStore(await database("aftersales")),
            reviews=ReviewStore(reviews, WordStore(reviews)),
        )


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
        table.add_row(finding.check, finding.subject, finding.detail, finding.workflow_id)
    console.print(table)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more")
