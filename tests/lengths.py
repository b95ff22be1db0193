"""How much chance is tried: `make test` tries a quarter of it at every commit, `make proof` all of it."""

import os

_WHOLE = os.environ.get("HANSE_ALL_EXAMPLES") == "1"
USUAL = 100
"""Hypothesis' own number of examples."""


def examples(all_of_them: int = USUAL) -> int:
    """How many of so many examples are tried in this run; ten at least."""
    return all_of_them if _WHOLE else max(10, all_of_them // 4)
