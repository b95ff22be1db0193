"""What an audit finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One broken invariant: which, where to look, and the figures that disagree in a sentence."""

    check: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Section:
    """One invariant of the shop in plain words, how much was looked at, and every break of it."""

    title: str
    looked_at: str
    findings: tuple[Finding, ...]
