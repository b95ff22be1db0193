"""The store of reviews (database `reviews`): what buyers say, the rating summaries, and the list of words texts are read for."""

from stores.reviews.auditing import Auditing
from stores.reviews.changing import Changing
from stores.reviews.pictures import ReviewPictures
from stores.reviews.reading import Reading
from stores.reviews.voting import Voting
from stores.reviews.words import WordStore


class ReviewStore(Changing, Voting, Reading, Auditing):
    """Every promise about reviews."""


__all__ = ["ReviewPictures", "ReviewStore", "WordStore"]
