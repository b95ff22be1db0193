"""Promotions: rules that take something off by themselves, and coupons that a buyer holds.

`types.py` is the language, `offers.py` what an offer can be, `rules.py` the engine that chooses and apportions (pure),
`messages.py` what sagas ask, `errors.py` how promotions say no.
"""
