"""The voice of the story: a numbered line for each step, and an end when something is not as it should be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from cli.calling import Login, Refused, Shop
from cli.parcels import Parcels
from cli.settling import looked_at_until
from models.shared import Money

_WITHIN = 40.0
"""Seconds within which the shop must get where the story says it gets."""


class Disagrees(Exception):
    """The shop is not where the story says it is."""


@dataclass
class Story:
    """The shop, the people in it, and what was told so far."""

    console: Console
    shop: Shop
    buyer: Login
    operator: Login
    parcels: Parcels
    steps: int = 0
    orders: dict[str, str] = field(default_factory=dict)
    """What we call an order, and its id."""

    def chapter(self, title: str) -> None:
        """A heading."""
        self.console.print(f"\n[bold]{title}[/]", highlight=False)

    def step(self, words: str, fact: str = "") -> None:
        """One thing that happened, and what the shop said about it."""
        self.steps += 1
        self.console.print(f"{self.steps:3}. {words}", markup=False, highlight=False, soft_wrap=True)
        if fact:
            self.console.print(f"     {fact}", style="dim", markup=False, highlight=False, soft_wrap=True)

    def show(self, document: Mapping[str, Any]) -> None:
        """A document as it came."""
        self.console.print_json(json.dumps(document, ensure_ascii=False), indent=2)

    async def buy(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Ask as the buyer."""
        return (await self.shop.ask(method, path, body, who=self.buyer, key=key)).body

    async def operate(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Ask as the operator."""
        return (await self.shop.ask(method, path, body, who=self.operator, key=key)).body

    async def order_is(self, name: str, **wanted: str) -> Mapping[str, Any]:
        """The order as soon as its fields are as wanted; `Disagrees` when they do not become so in time."""
        order_id = self.orders[name]

        async def look() -> Mapping[str, Any]:
            seen: Mapping[str, Any] = await self.buy("GET", f"/orders/{order_id}")
            return seen

        order = await looked_at_until(look, lambda seen: _matches(seen, wanted), _WITHIN)
        if not _matches(order, wanted):
            stands = {key: order[key] for key in wanted}
            raise Disagrees(f"{name} ({order_id}) is {stands} after {_WITHIN:.0f} s; it should be {wanted}")
        return order

    async def refusal(self, method: str, path: str, body: Any, key: str, code: str) -> Mapping[str, Any]:
        """The problem document of a request that must be refused with this code."""
        try:
            await self.buy(method, path, body, key)
        except Refused as refusal:
            if refusal.code == code:
                return refusal.problem
            raise
        raise Disagrees(f"{method} {path} was not refused; it should be refused with {code}")

    def same(self, what: str, found: object, wanted: object) -> None:
        """`Disagrees` unless both are the same."""
        if found != wanted:
            raise Disagrees(f"{what}: {found}, not {wanted}")


def _matches(order: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(order[name] == value for name, value in wanted.items())


def money(document: Mapping[str, Any]) -> str:
    """An amount as people read it."""
    return str(Money.model_validate(document))
