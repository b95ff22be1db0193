"""How reviews say no."""

from models.shared import Refusal


class NotYetReviewable(Refusal):
    """The line was not signed for, or its order came to nothing."""

    code = "not_yet_reviewable"
    title = "Cannot be reviewed yet"


class AlreadyReviewed(Refusal):
    """A line is reviewed once, also when the review was removed."""

    code = "already_reviewed"
    title = "Reviewed already"


class ReviewNotOpen(Refusal):
    """The review is in no state, or too old, for what was asked of it."""

    code = "review_not_open"
    title = "The review cannot be changed so"


class OwnReview(Refusal):
    """Nobody votes for, or reports, a review of their own."""

    code = "own_review"
    title = "This review is your own"


class PictureUnknown(Refusal):
    """A picture that this buyer did not upload for a review."""

    code = "review_picture_unknown"
    title = "No such picture"


class ReviewPictureRefused(Refusal):
    """The bytes are no picture that can be shown."""

    code = "review_picture_refused"
    title = "The picture cannot be used"


class WordEmpty(Refusal):
    """A word without a letter in it would be found everywhere or nowhere."""

    code = "word_empty"
    title = "The word has no letters"


class WordTaken(Refusal):
    """The list has an entry that looks for the same."""

    code = "word_taken"
    title = "The word is on the list"
