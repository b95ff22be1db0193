"""Cases in database `aftersales`: opened once, advanced step by step along one table of states, explained by a timeline.

`cases` serves the saga, `reading` looks, `evidence` keeps pictures, `auditing` proves. Which units a case may speak of is judged
where all refunds of an order meet: `stores/orders/claiming.py`.
"""

from stores.aftersales.auditing import Auditing
from stores.aftersales.cases import Cases
from stores.aftersales.evidence import EvidenceStore
from stores.aftersales.reading import Reading


class AftersaleStore(Cases, Reading, Auditing):
    """Everything the database promises about cases; built with `AftersaleStore(database)`."""


__all__ = ["AftersaleStore", "EvidenceStore"]
