"""The invariants of the shop, and what an audit says of each."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Self

from models.shared import Frozen

FINDINGS_KEPT = 500
"""How many breaks of one invariant an audit names; whoever has more has one cause, or must mend these first."""


class Invariant(StrEnum):
    """What must hold at any time. Two names joined: no query sees both sides, they are read one after the other."""

    STOCK = "stock"
    MONEY = "money"
    ORDERS = "orders"
    """Sums, states and parcels agree, and the timeline tells of each state: the order's part of "every change has its event"."""
    AFTERSALES = "aftersales"
    """The same of cases: one line of the timeline for each version."""
    PROMOTIONS = "promotions"
    COUPONS = "coupons"
    POINTS = "points"
    REVIEWS = "reviews"
    ORDERS_AND_MONEY = "orders_and_money"
    ORDERS_AND_WORKFLOWS = "orders_and_workflows"
    HOLDS_AND_WORKFLOWS = "holds_and_workflows"
    TRANSFERS_AND_WORKFLOWS = "transfers_and_workflows"
    AFTERSALES_AND_MONEY = "aftersales_and_money"
    BENEFITS_AND_WORKFLOWS = "benefits_and_workflows"


_PROCESSES = {"ord_": "checkout", "trf_": "transfer", "afs_": "aftersale"}


class Finding(Frozen):
    """One broken invariant: which check of it, where to look, and the figures that disagree in a sentence."""

    check: str
    subject: str
    """An id of the business. Never what a person could be known by."""
    detail: str

    @property
    def workflow_id(self) -> str:
        """The process to look at; empty where there is none."""
        process = _PROCESSES.get(self.subject[:4])
        return f"{process}/{self.subject}" if process else ""


class Section(Frozen):
    """One invariant in plain words, how much was looked at, and the breaks of it: at most `FINDINGS_KEPT`."""

    invariant: Invariant
    title: str
    looked_at: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, invariant: Invariant, title: str, looked_at: str, found: Iterable[Finding]) -> Self:
        """A section with as many of the breaks as are kept."""
        kept = tuple(islice(found, FINDINGS_KEPT))
        return cls(invariant=invariant, title=title, looked_at=looked_at, findings=kept)
