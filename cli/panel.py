"""What `hanse up` shows when everything runs: links and demo accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.panel import Panel
from rich.table import Table

from cli.children import worker_metrics_port
from hanse.settings import Settings


@dataclass(frozen=True)
class DemoShop:
    """What `cli.demo_data.load` put into the shop, as far as a visitor needs to know it."""

    accounts: Sequence[tuple[str, str]]
    """Who, and how to log in: `("buyer", "anna@example.com / moin-moin")`."""
    coupon_codes: str
    """Codes that are worth a coupon: `WELCOME-01 … WELCOME-20`."""
    order_command: str
    """One shell line that places an order."""


def welcome(settings: Settings, shop: DemoShop | None, *, servers_only: bool) -> Panel:
    """The panel of links."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column(overflow="fold")
    if servers_only:
        rows.add_row(
            "Run yourself",
            "hanse api · hanse worker · python -m channels.payment.sandbox · python -m channels.carrier.sandbox",
        )
    else:
        rows.add_row("Storefront", settings.api_url)
        rows.add_row("Console", f"{settings.api_url}/console")
        rows.add_row("API docs", f"{settings.api_url}/docs")
        rows.add_row("Cashier sandbox", settings.sandbox_payment_url)
        rows.add_row("Carrier sandbox", settings.sandbox_carrier_url)
        port = worker_metrics_port(settings)
        workers = f"http://127.0.0.1:{port}/metrics · http://127.0.0.1:{port + 1}/metrics"
        rows.add_row("Metrics", f"{settings.api_url}/metrics · worker: {workers}")
    rows.add_row("Temporal UI", settings.temporal_ui_url)
    rows.add_row("Logs and data", str(settings.data_dir))
    if shop is not None:
        for who, how in shop.accounts:
            rows.add_row(f"Log in as {who}", how)
        rows.add_row("Coupon codes", shop.coupon_codes)
    return Panel(rows, title="Hanse is up", subtitle="Ctrl-C stops everything; data stays", border_style="green")
