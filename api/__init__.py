"""The HTTP edge: parse, authenticate, start or update a workflow or read a store, shape the answer. No SQL, no rule.

Read `app.py` first; `wiring.py` is the only place that builds concrete clients; `errors.py` is the one table from refusal
codes to statuses; `edge/` holds what every route shares; each other file is a domain's routes.
"""
