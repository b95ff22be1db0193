"""Activities that follow a script: registered under the real names, with the real message types, recording every call.

    steps.answer("fulfillment.book_waybill", WaybillBound(carrier="swift", waybill="W1"))
    steps.refuse("inventory.reserve_stock", SoldOut(...))       # every time; `times=1` for once
    steps.fail("payments.book_refund", times=3)                 # then it goes well
    steps.hang("fulfillment.book_waybill")                      # never answers

What is not in the script answers nothing (`Done()` where a `Done` is due).
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, get_type_hints

from temporalio import activity

from activities.aftersales import AftersaleActivities
from activities.auditing import AuditActivities
from activities.bus import BusActivities
from activities.fulfillment import FulfillmentActivities
from activities.housekeeping import HousekeepingActivities
from activities.inventory import InventoryActivities
from activities.notifications import NotificationActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.points import PointsActivities
from activities.products import ProductsActivities
from activities.promotions import PromotionActivities
from activities.rankings import RankingsActivities
from activities.reconciliation import ReconciliationActivities
from activities.reviews import ReviewActivities
from activities.search import SearchActivities
from activities.supplement import SupplementActivities
from activities.tracking import TrackingActivities
from activities.webhooks import WebhookActivities
from models.shared import Refusal
from models.shared.done import Done

CLASSES: tuple[type, ...] = (
    AftersaleActivities,
    AuditActivities,
    BusActivities,
    FulfillmentActivities,
    HousekeepingActivities,
    InventoryActivities,
    NotificationActivities,
    OrderActivities,
    PaymentActivities,
    PointsActivities,
    ProductsActivities,
    PromotionActivities,
    RankingsActivities,
    ReconciliationActivities,
    ReviewActivities,
    SearchActivities,
    SupplementActivities,
    TrackingActivities,
    WebhookActivities,
)
Answer = Callable[[Any], Any]
_DEFINITION = "__temporal_activity_definition"
"""Where the SDK's decorator keeps what it registered."""


class Broken(Exception):
    """A fault as the script wants it."""


class Scripted:
    """The steps of all sagas, as one test wants them to go."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self._playing: set[str] = set()
        self._over: set[str] = set()
        self.forget()
        self._returns: dict[str, Any] = {}
        self.activities: list[Callable[..., Any]] = [self._scripted(method) for method in _methods()]

    def forget(self) -> None:
        """An empty script, for the next test. What hangs fails, and so does whatever runs of this test still ask for."""
        self._over |= self._playing
        self._playing = set()
        self._released.set()
        self._released = asyncio.Event()
        self.calls: list[tuple[str, Any]] = []
        """Every call in order, with its message; calls that failed or were refused, too."""
        self._answers: dict[str, Answer] = {}
        self._troubles: dict[str, list[Exception]] = defaultdict(list)
        self._hanging: set[str] = set()
        self._meanwhile: dict[str, Callable[[], Awaitable[None]]] = {}
        self._always: dict[str, Callable[[Any], Awaitable[None]]] = {}

    def answer(self, name: str, answer: object) -> None:
        """What this step answers: a value, or a function of its message."""
        self._answers[self._known(name)] = answer if callable(answer) else lambda _: answer

    def answer_of(self, name: str) -> Answer:
        """What this step answers now, for a test that answers otherwise only at times."""
        return self._answers[self._known(name)]

    def refuse(self, name: str, refusal: Refusal, times: int = 1_000) -> None:
        """The step is refused so many times."""
        self._troubles[self._known(name)] += [refusal] * times

    def fail(self, name: str, times: int = 1_000) -> None:
        """The step fails with a fault so many times."""
        self._troubles[self._known(name)] += [Broken(f"{name} is broken")] * times

    def hang(self, name: str) -> None:
        """The step never answers."""
        self._hanging.add(self._known(name))

    def heal(self, name: str) -> None:
        """From now on the step goes well."""
        self._troubles.pop(self._known(name), None)
        self._hanging.discard(name)

    def meanwhile(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        """While the step runs for the first time, this happens."""
        self._meanwhile[self._known(name)] = do

    def meanwhile_each(self, name: str, do: Callable[[Any], Awaitable[None]]) -> None:
        """Each time the step goes well, this happens with its message."""
        self._always[self._known(name)] = do

    def names(self, *without: str) -> list[str]:
        """The names of all calls, in order, except these."""
        return [name for name, _ in self.calls if name not in without]

    def told(self, name: str) -> list[Any]:
        """The messages of every call of this step."""
        return [message for called, message in self.calls if called == self._known(name)]

    async def _play(self, name: str, message: Any) -> Any:
        run = activity.info().workflow_run_id
        assert run is not None
        if run in self._over:
            raise Broken(f"{name} is asked for by a run whose test is over")
        self._playing.add(run)
        self.calls.append((name, message))
        if name in self._hanging:
            await self._released.wait()
            raise Broken(f"{name} hung to the end of its test")
        if name in self._meanwhile:
            await self._meanwhile.pop(name)()
        if self._troubles[name]:
            raise self._troubles[name].pop(0)
        if name in self._always:
            await self._always[name](message)
        if name in self._answers:
            return self._answers[name](message)
        return Done() if self._returns[name] is Done else None

    def _scripted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        name: str = getattr(method, _DEFINITION).name
        hints = get_type_hints(method)
        self._returns[name] = hints.pop("return")
        message_type = next(iter(hints.values()), None)

        async def step(message: Any) -> Any:
            return await self._play(name, message)

        async def bare() -> Any:
            return await self._play(name, None)

        scripted: Callable[..., Any] = step if message_type else bare
        told = {"message": message_type} if message_type else {}
        scripted.__annotations__ = {**told, "return": self._returns[name]}
        return activity.defn(name=name)(scripted)

    def _known(self, name: str) -> str:
        if name not in self._returns:
            raise LookupError(f"there is no step {name}; there are {sorted(self._returns)}")
        return name


def _methods() -> Iterable[Callable[..., Any]]:
    for kind in CLASSES:
        for name, method in vars(kind).items():
            if not name.startswith("_") and hasattr(method, _DEFINITION):
                yield method
