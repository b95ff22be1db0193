"""The embedded search engine: PostgreSQL with weighted text search vectors and trigrams (docs/search.md)."""

from search.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
