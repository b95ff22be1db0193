"""Routes of accounts: getting in (`entry.py`), one's own account, sessions and address book, and what operators may do.

`proof.py` is how someone proves who they are; `schemas.py` what goes over the wire.
"""

from api.users import account, addresses, entry, operators, outbox, second_factor, sessions

routers = (entry.router, account.router, second_factor.router, sessions.router, addresses.router, operators.router)
development_routers = (outbox.router,)
"""Mounted everywhere but in production."""

__all__ = ["development_routers", "routers"]
