"""Copies in Redis of what databases said, for answers that may be a moment old. See docs/decisions/0016-caches.md.

`read_through.py` is the whole promise (single flight over tasks and processes, spread expiry, negative entries, stale while one
reads); `scripts.py` what Redis does in one step; `breaker.py` what keeps a silent Redis from slowing every read; `known_ids.py`
the Bloom filter against ids that nobody gave out.
"""

from hanse.caching.breaker import Breaker
from hanse.caching.known_ids import KnownIds
from hanse.caching.read_through import Copy, Kind, Loaded, ReadThrough

__all__ = ["Breaker", "Copy", "Kind", "KnownIds", "Loaded", "ReadThrough"]
