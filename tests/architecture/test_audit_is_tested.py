"""Whoever teaches the audit another check must break it on purpose: each check that it knows is named by a test."""

import re
from pathlib import Path

_SHOP = Path(__file__).parents[2]
_AUDITS = ("stores/*/auditing.py", "stores/*/audit.py", "stores/*/coupon_auditing.py", "stores/fulfillment/looking.py")
_IN_SQL = re.compile(r"SELECT (?:[a-z_.()]+, )*'([a-z_]+_[a-z_]+)'")
_IN_PYTHON = re.compile(r'(?:check=|kind=|broken\()"([a-z_]+)"|^        "([a-z_]+)",$', re.MULTILINE)


def checks_known() -> set[str]:
    """By name, as they stand in the sources."""
    files = [path for pattern in (*_AUDITS, "activities/auditing/*.py") for path in _SHOP.glob(pattern)]
    texts = [path.read_text() for path in files]
    in_sql = {name for text in texts for name in _IN_SQL.findall(text)}
    return in_sql | {"".join(found) for text in texts for found in _IN_PYTHON.findall(text)}


def test_each_check_of_the_audit_is_broken_on_purpose_by_a_test() -> None:
    known = checks_known()
    assert len(known) > 70, "the checks are written otherwise now; teach this test to read them"
    words = {
        word.lower()
        for path in (_SHOP / "tests").rglob("test_*.py")
        if path != Path(__file__)
        for word in re.findall(r"\w+", path.read_text())
    }
    assert known - words == set()
