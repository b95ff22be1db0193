"""The roof: the `hanse` command. A file a verb: `cli/status.py` holds `status()`, which becomes `hanse status`.

A module without a function of its own name is not a verb but something verbs share (`checks.py`, `steps.py`).
"""
