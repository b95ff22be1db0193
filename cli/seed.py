"""`hanse seed`: fill a running shop with the demo catalogue and accounts."""

import asyncio
from datetime import UTC, datetime

from rich.table import Table

from cli.console import DataDir, console, settings_for
from cli.demo_data.following import follow_since
from cli.demo_data.load import load
from cli.panel import DemoShop
from hanse.settings import Settings


def seed(data_dir: DataDir = None) -> None:
    """Fill the shop with merchants, products, pictures, stock and accounts to play with. Safe to repeat."""
    settings = settings_for(data_dir)
    with console.status("Filling the shop …"):
        shop = asyncio.run(_seed(settings))
    table = Table(show_header=False, box=None)
    for who, how in shop.accounts:
        table.add_row(f"Log in as {who}", how)
    table.add_row("Coupon codes", shop.coupon_codes)
    table.add_row("Place an order", shop.order_command)
    console.print(table)


async def _seed(settings: Settings) -> DemoShop:
    began = datetime.now(UTC)
    shop = await load(settings)
    await follow_since(settings, began)
    return shop
