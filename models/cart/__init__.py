"""Carts: what someone means to buy, before anything is promised.

`rules` changes a cart, `merging` joins two, `pricing` says what it would cost now. A cart holds no stock and no price.
"""
