"""The audit: each domain's own books (`books.py`), what two of them must agree on (`across.py`), every invariant by its name
(`auditor.py`), and the step of the process `Audit` (`steps.py`). `hanse audit` asks the same auditor."""

from activities.auditing.auditor import Auditor
from activities.auditing.steps import AuditActivities

__all__ = ["AuditActivities", "Auditor"]
