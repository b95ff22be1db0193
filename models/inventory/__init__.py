"""Inventory: what lies where, what is held for whom, and why every unit came or went.

Start with `types.py`; `rules.py` says from which warehouses an order is served; `stores/inventory` keeps the promises.
"""
