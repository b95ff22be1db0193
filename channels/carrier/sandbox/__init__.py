"""Two carriers for people and tests: one server with a state of its own.

`python -m channels.carrier.sandbox` starts it. The shop imports `wire.py` only, which says with `channels/sandbox_signing.py` how
the two talk. Start with `depot.py` (what the carriers do), then `journey.py` (how parcels move by themselves), `store.py` (what is
remembered), `pushes.py` (what is reported), `faults.py` (what goes wrong on purpose), `calls.py` and `api.py` (the merchant's side),
`label.py` (what is stuck on a parcel), `operator_view.py` (the carrier's own view, and how a parcel is moved by hand). What any sandbox
does, such as sending callbacks and checking signatures, is `channels/sandbox/`.
"""
