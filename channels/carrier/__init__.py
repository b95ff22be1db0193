"""Carriers: who takes parcels to buyers, and back. `contract.py` is what each can do, `registry.py` which there are.

`sandbox/` is a server of its own with two carriers, `sandbox_carrier.py` how the shop speaks with one of them.
"""
