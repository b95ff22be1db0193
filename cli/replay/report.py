"""The end of a replay on one screen: states, money, speed, differences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.replay.comparing import Outcome
from cli.replay.differences import Difference, amount
from cli.replay.files import CURRENCY
from cli.replay.script import ENDING_OF, Ending, Script
from cli.replay.stage import Played

_SHOWN = 5
"""Differences of one kind that are listed one by one on the screen; the file in the data folder has all."""


def show_states(console: Console, script: Script, outcome: Outcome) -> None:
    """Orders by final state, the files' beside the shop's."""
    table = Table("in the files", "played as", "orders", "the same here", "elsewhere")
    for state, orders in sorted(script.filed.states.items(), key=lambda entry: (-entry[1], entry[0])):
        elsewhere = ", ".join(f"{count} {stands}" for stands, count in outcome.elsewhere[state].items())
        same = outcome.reached[state]
        colour = "green" if same == orders else "yellow"
        played_as = str(ENDING_OF.get(state, Ending.PAID))
        table.add_row(state, played_as, str(orders), f"[{colour}]{same}[/]", elsewhere)
    console.print(table)
    if outcome.on_their_day:
        console.print(f"{outcome.on_their_day} parcels were signed for at the moment the files say", highlight=False)


def show_money(console: Console, script: Script, outcome: Outcome, differences: Sequence[Difference]) -> bool:
    """Money in and out to the centavo; whether files, differences and shop agree."""
    table = Table(f"{CURRENCY}", "files", "differences", "expected here", "here", "", title="Money")
    agree = True
    for name, filed, here, moved in (
        ("in", script.filed.money_in, outcome.money_in, sum(one.money_in for one in differences)),
        ("back", script.filed.money_out, outcome.money_out, sum(one.money_out for one in differences)),
    ):
        agree = agree and filed + moved == here
        mark = "[green]✓[/]" if filed + moved == here else "[red]✗[/]"
        table.add_row(name, amount(filed), amount(moved), amount(filed + moved), amount(here), mark)
    for kind in sorted(script.filed.money_by_kind | outcome.money_by_kind):
        filed, here = script.filed.money_by_kind[kind], outcome.money_by_kind[kind]
        table.add_row(f"  {kind}", amount(filed), amount(here - filed), "", amount(here), "")
    console.print(table)
    return agree


def show_reviews(console: Console, script: Script, outcome: Outcome, differences: Sequence[Difference]) -> bool:
    """Reviews and the sum of their stars, as products are rated by them; whether files, differences and shop agree."""
    table = Table("", "files", "differences", "expected here", "here", "", title="Reviews")
    agree = True
    for name, filed, here, moved in (
        ("reviews", script.filed.reviews, outcome.reviews, sum(one.reviews for one in differences)),
        ("stars", script.filed.stars, outcome.stars, sum(one.stars for one in differences)),
    ):
        agree = agree and filed + moved == here
        mark = "[green]✓[/]" if filed + moved == here else "[red]✗[/]"
        table.add_row(name, str(filed), str(moved), str(filed + moved), str(here), mark)
    console.print(table)
    return agree


def show_speed(console: Console, played: Played, facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Orders per second of this run, and how long steps took over all runs."""
    if played.orders:
        rate = played.orders / max(played.seconds, 0.001)
        console.print(f"{played.orders} orders in {played.seconds:.1f} s: {rate:.1f} orders/s", highlight=False)
    table = Table("step", "times", "p50", "p99")
    steps = {
        "hold (POST /orders/prepare)": [fact["prepare_s"] for fact in facts.values() if "prepare_s" in fact],
        "place (POST /orders)": [fact["place_s"] for fact in facts.values() if "place_s" in fact],
        "pay (POST /payments)": [took for fact in facts.values() for took in fact.get("pay_s", ())],
        "review (POST …/review)": [fact["review_s"] for fact in facts.values() if "review_s" in fact],
        "first payment to paid order": [fact["paid_s"] for fact in facts.values() if "paid_s" in fact],
    }
    for step, seconds in steps.items():
        if seconds:
            p50, p99 = percentiles(seconds)
            table.add_row(step, str(len(seconds)), f"{p50 * 1000:.0f} ms", f"{p99 * 1000:.0f} ms")
    console.print(table)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    if len(seconds) == 1:
        return seconds[0], seconds[0]
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[98]


def show_differences(console: Console, differences: Iterable[Difference]) -> None:
    """Every kind with its number and money, unexplained ones first, then one by one."""
    kinds: dict[tuple[bool, str], list[Difference]] = defaultdict(list)
    for one in differences:
        kinds[one.explained, one.kind].append(one)
    if not kinds:
        console.print("No differences.")
        return
    table = Table("difference", "explained by the files", "how many", "money in", "money back")
    for (explained, kind), ones in sorted(kinds.items()):
        money_in, money_out = sum(one.money_in for one in ones), sum(one.money_out for one in ones)
        said = "yes" if explained else "[red]no[/]"
        table.add_row(kind, said, str(len(ones)), amount(money_in), amount(money_out))
    console.print(table)
    for (_, kind), ones in sorted(kinds.items()):
        for one in ones[:_SHOWN]:
            console.print(f"{kind}: {one.about[:12]}: {one.detail}", highlight=False, markup=False, soft_wrap=True)
        if len(ones) > _SHOWN:
            console.print(f"{kind}: … and {len(ones) - _SHOWN} more", highlight=False)
