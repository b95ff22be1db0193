"""A payment provider for people and tests: its own server, with a state of its own.

`python -m channels.payment.sandbox` starts it. Nothing here is imported by the shop except `wire.py`, which says with
`channels/sandbox_signing.py` how the two talk. Start with `provider.py` (what the provider does), then `store.py` (what it
remembers), `courier.py` (callbacks on their way), `faults.py` (what goes wrong on purpose), `gate.py` and `api.py` (the
merchant's side), `cashier.py` (the buyer's side), `operator_view.py` (the provider's own view).
"""
