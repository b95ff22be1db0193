"""Routes of reviews: `showing.py` (a product's, and what readers say to them), `own.py` (writing them), `operators.py` (the
moderation queue, decisions, replies), `words.py` (the list of words). `asking.py` speaks with the process of a change."""

from api.reviews import operators, own, showing, words

routers = (
    showing.router,
    showing.reporting,
    own.router,
    own.writing,
    operators.router,
    operators.deciding,
    words.router,
    words.adding,
)

__all__ = ["routers"]
