"""The tables of one index: the live one has plain names, a build's names end in its own ending."""

import hashlib
from dataclasses import dataclass

PARTS = ("items", "documents", "facet_values", "vocabulary", "suggestions")


@dataclass(frozen=True)
class Tables:
    """The names of one index's tables."""

    ending: str = ""

    def sql(self, statement: str) -> str:
        """The statement, its `{items}`, `{documents}` … replaced by this index's names."""
        return statement.format_map({part: part + self.ending for part in PARTS})


LIVE = Tables()


def ending_of(build: str) -> str:
    """What the names of this build's tables end in, whatever characters its name has."""
    return "__" + hashlib.sha256(build.encode("utf-8", "surrogatepass")).hexdigest()[:12]
