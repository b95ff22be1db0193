"""What counts as broken while the shop is at work."""

from models.auditing.types import Section

LOOKS = 3
"""How often something must be seen broken. A saga that is between two of its steps looks broken for a moment."""


def still_broken(before: Section, again: Section) -> Section:
    """The later look, with only those breaks that the one before it saw too. Their figures may have moved meanwhile."""
    seen = {(finding.check, finding.subject) for finding in before.findings}
    kept = tuple(finding for finding in again.findings if (finding.check, finding.subject) in seen)
    return again.model_copy(update={"findings": kept})
