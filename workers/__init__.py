"""Worker processes: which queues, which registrations; no logic.

`wiring.py` builds every activity class from concrete stores and clients; `queues.py` is the table of who serves what;
`main.py` runs the workers of one process.
"""
