"""Two carriers for people and tests: one server with a state of its own.

`python -m channels.carrier.sandbox` starts it. The shop imports `wire.py` only, which says with `channels/sandbox_signing.py` how
the two talk. Start with `depot.py` (what the carriers do), then `store.py` (what they remember), `courier.py` (reports on
their way and parcels that move by themselves), `faults.py` (what goes wrong on purpose), `gate.py` and `api.py` (the
merchant's side), `label.py` (what is stuck on a parcel), `operator_view.py` (the carrier's own view, and how a parcel is moved by hand).
"""
