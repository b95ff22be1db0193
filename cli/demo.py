"""`hanse demo`: one whole shopping story on a throw-away stack, told in a minute."""

import asyncio
import logging
import secrets
import tempfile
import time
from pathlib import Path

import httpx
import typer

from cli.audit import show as show_audit
from cli.calling import Login, Refused, Shop
from cli.checks import before_start, refuse_failed
from cli.console import console
from cli.demo_data.people import OPERATOR
from cli.parcels import Parcels
from cli.settling import settled_audit
from cli.startup import start_everything
from cli.story import behind, buying, saving
from cli.story.telling import Disagrees, Story
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack

_HURRY = "PT15S"
"""The payment window of the story's shop (ISO 8601), so that a forgotten order ends before the listener leaves."""


def demo() -> None:
    """Start a shop of its own, buy, save, ship, cancel, refund and be refused in it, look behind the counter, audit, clean up.

    Exit code 0 when every word was true, 1 with the reason when something disagreed.
    """
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hanse-demo-", ignore_cleanup_errors=True) as folder:
        try:
            asyncio.run(_demo(Path(folder)))
        except (Disagrees, Refused) as reason:
            console.print(f"\n[bold red]✗[/] The shop disagrees with the story: {reason}", highlight=False)
            raise typer.Exit(1) from reason
    took = time.monotonic() - began
    console.print(f"\n[bold green]✓[/] Every word was true. {took:.0f} s, and nothing is left behind.", highlight=False)


async def _demo(folder: Path) -> None:
    refuse_failed(before_start(folder))
    stack = EmbeddedStack(folder, fast=True, settings={"payment_window": _HURRY})
    await stack.open()
    try:
        console.print("[bold]A shop of its own is started[/]")
        await start_everything(stack, console, servers_only=False, demo=True)
        async with httpx.AsyncClient(base_url=stack.settings.api_url, timeout=60) as client:
            await _tell(Shop(client), stack.settings)
    finally:
        await stack.close()


async def _tell(shop: Shop, settings: Settings) -> None:
    operator = Login(*OPERATOR)
    buyer = Login("lin.yue@buyers.example", secrets.token_urlsafe(16))
    story = Story(console, shop, buyer, operator, Parcels(shop, operator, "story", settings.sandbox_carrier_url))
    address_id = await buying.arrive(story)
    sku = await buying.find(story)
    await buying.buy_well(story, sku, address_id)
    await buying.forget(story, sku, address_id)
    await buying.receive(story)
    await saving.save(story, address_id)
    await buying.call_off(story, sku, address_id)
    await buying.regret(story, sku, address_id)
    await buying.be_refused(story, sku, address_id)
    await buying.expired(story, sku)
    await behind.look_behind(story, settings)
    story.chapter("The audit: nothing lost, nothing doubled, nothing left in the air")
    sections = await settled_audit(settings)
    show_audit(sections)
    if found := [finding for section in sections for finding in section.findings]:
        raise Disagrees(f"the audit finds {found[0].check} at {found[0].subject}: {found[0].detail}")
