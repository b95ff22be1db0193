"""Carts: those of accounts in database `users`, those of visitors in Redis.

`accounts.py` is judged by PostgreSQL, with `copies.py` in Redis so that most reads do not ask it; losing Redis loses nothing.
`visitors.py` is Redis alone: losing Redis loses carts of people who never logged in, and nothing else. `store.py` puts them
together. Locks are taken in this order: the account's cart, its lines, the record of a merge.
"""

from stores.cart.store import CartStore

__all__ = ["CartStore"]
