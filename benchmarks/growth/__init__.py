"""`make bench-growth`: does a shop with a million old orders and 100,000 SKUs still sell as an empty one does.

`old_orders.py` makes the past out of orders that were really taken; `reads.py` are the reads that a past could slow down;
`audit.py` times the audit; `comparing.py` is the order of events.
"""
