"""Fulfillment: parcels from the shelf to the buyer's hands.

Start with `types.py`; `rules.py` has every step a parcel may take and what its parcels make of an order.
"""
