"""What searching refuses."""

from models.shared.refusals import InvalidRequest, NotFound, Refusal


class SearchTextTooLong(InvalidRequest):
    """Nobody types so much: the text is longer than what is looked for."""

    code = "search_text_too_long"
    title = "The text is too long to look for"


class FacetUnknown(InvalidRequest):
    """There is no such facet to count by."""

    code = "facet_unknown"
    title = "No such facet"


class SortUnknown(InvalidRequest):
    """There is no such order of hits."""

    code = "sort_unknown"
    title = "No such order"


class FilterMalformed(InvalidRequest):
    """A filter by attribute or option names it and a value, with a colon between them."""

    code = "filter_malformed"
    title = "The filter cannot be read"


class SearchAway(Refusal):
    """The search engine does not answer, and this question cannot be answered without it; ask again in a moment."""

    code = "search_away"
    title = "Search is away for a moment"


class RankingUnknown(NotFound):
    """There is no ranking of that name."""

    code = "ranking_unknown"
    title = "No such ranking"
