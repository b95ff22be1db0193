"""Database `products`, one store per thought.

`reading.py` is what buyers and checkout ask; `taxonomy.py` keeps merchants, brands and the category tree; `editing.py`
changes products, SKUs, prices and publication; `media.py` keeps pictures; `bulk.py` imports and exports files. `rows.py` turns
rows into values. Locks are taken in this order: category tree, merchants, products (each by id).
"""

from stores.products.bulk import BulkStore
from stores.products.copies import CatalogueCopies
from stores.products.editing import CatalogueStore
from stores.products.media import MediaStore
from stores.products.reading import ProductStore
from stores.products.taxonomy import TaxonomyStore

__all__ = ["BulkStore", "CatalogueCopies", "CatalogueStore", "MediaStore", "ProductStore", "TaxonomyStore"]
