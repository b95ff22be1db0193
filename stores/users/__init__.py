"""Database `users`: accounts, verification codes, log-ins, second factors, sessions, roles, address books.

`store.py` puts them together. Locks are taken in this order: code, account, role, session, address.
"""

from stores.users.store import UsersStore

__all__ = ["UsersStore"]
