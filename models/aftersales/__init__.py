"""After-sales: a buyer wants money or another piece for units of an order that arrived.

`types.py` what a case is, `rules.py` its states, the automatic verdict and the window, `messages.py` what its saga is told,
`claims.py` which units of an order a case may speak of.
"""
