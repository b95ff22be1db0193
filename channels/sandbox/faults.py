"""How what goes wrong on purpose is written down; which faults there are is each sandbox's own.

A rule is one fault, in JSON or as text `fault[:value][@share][*limit][/on]`, for instance `lost`, `doubled:10`, `late:30@0.1`
or `unavailable*2/create`.

Whether a rule hits is decided by the seed, the rule and the case's number, never by chance: the same traffic under the same seed
meets the same fate.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field, ValidationError

from models.shared import Frozen

FaultT = TypeVar("FaultT", bound=str)
OnT = TypeVar("OnT", bound=str)
RuleT = TypeVar("RuleT", bound="Rule[Any, Any]")
_TEXT = re.compile(
    r"(?P<fault>[a-z_]+)(:(?P<value>-?[0-9.]+))?(@(?P<share>[0-9.]+))?(\*(?P<limit>[0-9]+))?(/(?P<on>[a-z_]+))?"
)


class Rule(Frozen, Generic[FaultT, OnT]):
    """One fault: how strong (`value`, see `meanings`), for which share of cases, at most how often, and where only."""

    meanings: ClassVar[Mapping[Any, tuple[str, float]]]
    """Each fault, and what its value means and is by default."""

    fault: FaultT
    value: Annotated[float, Field(ge=-1_000_000, le=1_000_000)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    limit: Annotated[int, Field(ge=1)] | None = None
    on: OnT | None = None
    for_seconds: Annotated[float, Field(gt=0)] | None = None
    """How long after it was set a rule of the schedule holds; for ever if absent."""

    @property
    def strength(self) -> float:
        """The value, or its default."""
        return self.meanings[self.fault][1] if self.value is None else self.value

    def chosen(self, seed: int, case: int) -> bool:
        """Whether this case falls into the rule's share."""
        digest = hashlib.sha256(f"{seed}/{self.text()}/{case}".encode()).digest()
        return int.from_bytes(digest[:8]) < self.share * 2**64

    def text(self) -> str:
        """The rule as text."""
        value = "" if self.value is None else f":{self.value:g}"
        share = "" if self.share == 1 else f"@{self.share:g}"
        limit = "" if self.limit is None else f"*{self.limit}"
        return f"{self.fault}{value}{share}{limit}" + ("" if self.on is None else f"/{self.on}")

    @classmethod
    def read(cls, text: str) -> list[Self]:
        """Rules written as text, separated by commas. ValueError says which one makes no sense."""
        rules = []
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            match = _TEXT.fullmatch(part)
            if match is None:
                raise ValueError(f"{part[:60]!r} is not a fault; write fault[:value][@share][*limit][/on]")
            given = {name: value for name, value in match.groupdict().items() if value is not None}
            try:
                rules.append(cls.model_validate(given))
            except ValidationError as problem:
                raise ValueError(f"{part[:60]!r}: {problem.errors()[0]['msg']}") from problem
        return rules


class Schedule(Frozen, Generic[RuleT]):
    """The rules in force for everybody, and the seed that decides whom they hit."""

    seed: int = 0
    rules: list[RuleT] = Field(default_factory=list, max_length=50)
