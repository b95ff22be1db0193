"""Routes of the catalogue: what buyers see (`showing.py`), and what operators with `catalogue` change.

`editing.py` changes products and SKUs, `taxonomy.py` merchants, brands and categories, `files.py` takes and gives whole
catalogues, `pictures.py` takes uploads and serves them, `reindexing.py` has the search index built anew; `schemas.py` is what goes over the wire.
"""

from api.products import editing, files, pictures, reindexing, showing, taxonomy

# `showing.router` is mounted before all others.
routers = (editing.router, taxonomy.router, files.router, pictures.router, reindexing.router)

__all__ = ["routers", "showing"]
