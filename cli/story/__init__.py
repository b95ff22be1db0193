"""`hanse demo`: one whole shopping story. `telling.py` is the voice, each other file a chapter."""
