"""Rankings, in Redis: counters that are lost with it and counted anew from the databases. See docs/decisions/0016-caches.md."""

from stores.search.rankings import RankingStore

__all__ = ["RankingStore"]
