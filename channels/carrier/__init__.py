"""Carriers: who takes parcels to buyers. `contract.py` is what each can do, `registry.py` which there are.

`sandbox.py` books waybills by itself and moves nothing; a carrier with tracking of its own follows with issue 6.
"""
