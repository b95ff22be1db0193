"""Orders: what was bought for how much, and how far it is.

Start with `types.py`; `rules.py` has every step an order may take, `quoting.py` what a basket costs.
"""
