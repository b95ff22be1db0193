"""A payment provider for people and tests: its own server, with a state of its own.

`python -m channels.payment.sandbox` starts it. Nothing here is imported by the shop except `wire.py`, which says with
`channels/sandbox_signing.py` how the two talk. Start with `provider.py` (what the provider does), then `store.py` (what it
remembers), `callbacks.py` (what it reports), `faults.py` (what goes wrong on purpose), `calls.py` and `api.py` (the merchant's
side), `cashier.py` (the buyer's side), `operator_view.py` (the provider's own view). What any sandbox does, such as sending callbacks
and checking signatures, is `channels/sandbox/`.
"""
