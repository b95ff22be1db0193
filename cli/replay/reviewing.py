"""Which of the files' reviews are posted. Pure."""

from cli.replay.draft import Draft
from cli.replay.script import Ending, Review


def review_of(draft: Draft, order_id: str, ending: Ending | None) -> Review | None:
    """The review to post for an order; `ending` is None for an order that is not played.

    The files' reviews are of a whole order, the shop's of a line, and a line is reviewed once, after it has arrived: the
    earliest review of an order that arrives is posted for its first line; all others are listed. Its time is the shop's own.
    """
    filed = sorted(draft.reviews.get(order_id, []), key=lambda review: review.asked_at)
    posted = filed[:1] if ending is Ending.DELIVERED else []
    for review in filed[len(posted) :]:
        kind = "second review" if posted else "review of what did not arrive"
        why = "one review a line" if posted else "no review before an order has arrived"
        draft.note(order_id, kind, f"{review.stars} stars; the shop takes {why}", reviews=-1, stars=-review.stars)
    return Review(posted[0].stars, posted[0].text) if posted else None
