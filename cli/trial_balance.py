"""`hanse trial-balance`: what every account of the books holds, now or at a past moment."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.console import DataDir, console, settings_for
from hanse.settings import Settings

if TYPE_CHECKING:
    from models.payments.ledger import TrialBalance

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def trial_balance(
    at: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Up to which moment (UTC, if it names no zone); a day is its beginning."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Show debits, credits and balance of every account. Exit code 0 when debits equal credits in every currency, 1 when not."""
    moment = datetime.now(UTC) if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
    found = asyncio.run(_read(settings_for(data_dir), moment))
    show(found)
    if not found.balanced:
        raise typer.Exit(1)


def show(found: "TrialBalance") -> None:
    """A line for each account, a sum for each currency. Amounts are minor units."""
    table = Table("account", "currency", title=f"Booked up to {found.at:%Y-%m-%d %H:%M:%S} UTC", show_footer=False)
    for column in ("debits", "credits", "balance"):
        table.add_column(column, justify="right")
    for entry in found.accounts:
        table.add_row(entry.account, entry.currency, *(f"{n:,}" for n in (entry.debit, entry.credit, entry.balance)))
    for total in found.totals:
        differs = total.debit - total.credit
        sums = (f"{total.debit:,}", f"{total.credit:,}", f"[red]{differs:,}[/]" if differs else "[green]0[/]")
        table.add_section()
        table.add_row("[bold]all accounts[/]", total.currency, *sums)
    console.print(table)
    if not found.totals:
        console.print("The books are empty.")
    elif found.balanced:
        console.print("[green]Debits equal credits.[/]")
    else:
        console.print("[red]Debits and credits differ:[/] a row of the books was changed by hand. Run `hanse audit`.")


async def _read(settings: Settings, at: datetime) -> "TrialBalance":
    from hanse.database import Database
    from models.payments.ledger import TrialBalance
    from stores.payments import PaymentStore

    database = await Database(settings.dsn("payments"), max_size=1).open()
    try:
        return TrialBalance.of(at, await PaymentStore(database).trial_balance(at))
    finally:
        await database.close()
