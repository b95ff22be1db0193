"""Database `products`, one store per thought.

`reading.py` is what buyers and checkout ask; `taxonomy.py` keeps merchants, brands and the category tree; `editing.py`
changes products, SKUs, prices and publication; `media.py` keeps pictures; `bulk.py` imports and exports files; `listing.py`
reads in bulk for the search index and for listeners, `in_step.py` keeps what they were given. `rows.py` turns rows into
values. Locks are taken in this order: category tree, merchants, products (each by id); what `in_step.py` locks it locks alone.
"""

from stores.products.bulk import BulkStore
from stores.products.copies import CatalogueCopies
from stores.products.editing import CatalogueStore
from stores.products.in_step import InStepStore
from stores.products.listing import ListingStore
from stores.products.media import MediaStore
from stores.products.reading import ProductStore
from stores.products.taxonomy import TaxonomyStore

__all__ = [
    "BulkStore",
    "CatalogueCopies",
    "CatalogueStore",
    "InStepStore",
    "ListingStore",
    "MediaStore",
    "ProductStore",
    "TaxonomyStore",
]
