"""The Meilisearch engine: a server of its own, spoken to with its official client.

| what is asked of an engine | how it is done here |
|---|---|
| an old document never overwrites a newer one | PostgreSQL remembers what was sent (`sent.py`); tasks are done in order |
| patches of offers | partial updates: top-level fields that are not sent stay |
| facets without their own filter | one multi-search: a query for each facet that has a filter |
| rebuild without a gap | an index beside it and `swap-indexes`, one atomic task |
| typing errors | its own typo tolerance; so there is no corrected text to show |
| pinyin | the spelling and the initials of Chinese texts are fields of the document |
"""

from search.meilisearch.engine import MeilisearchEngine

__all__ = ["MeilisearchEngine"]
