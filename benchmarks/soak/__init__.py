"""`make soak`: a day of orders at full speed, and what it leaves in the memory of every process.

`day.py` is the order of events; `memory.py` reads; `judging.py` says what is flat and why; `drawing.py` draws; `inside/` is what a
watched process runs beside itself (`--watch`), never anything a shop runs.
"""
