"""Routes of promotions: what runs now, for everyone (`showing.py`); campaigns, rules and purchase limits, for operators with
`promotions` (`campaigns.py`, `rules.py`, `limits.py`).

A revision makes a new version and names in If-Match the version it was decided on; a status names it too, but makes none.
"""

from api.promotions import campaigns, limits, rules, showing

routers = (
    showing.router,
    campaigns.adding,
    campaigns.keeping,
    rules.adding,
    rules.keeping,
    limits.adding,
    limits.keeping,
)

__all__ = ["routers"]
