"""Finding products: what is indexed (`documents.py`), what can be asked (`query.py`), what an engine promises (`engine.py`).

Two real engines stand behind that promise: `embedded/` on PostgreSQL, and `meilisearch/`.
"""
