"""Thin domain stores: what one domain's database can do, atomically and idempotently.

A method is a promise: one transaction, one guarantee, stated in its name and docstring. No Temporal, no HTTP. A store knows
only its own database; no transaction spans two.
"""
