"""Real servers on loopback, supervised: PostgreSQL, Redis, a Kafka broker and Temporal, on a machine with only Python.

`embedded.py` is the door (`EmbeddedStack`). A `Part` (`part.py`) says how one server is started and when it is ready;
`supervisor.py` keeps parts running; `postgres.py`, `redis.py`, `kafka.py` and `temporal.py` describe the four servers;
`state.py` is the file by which another terminal finds a running stack. Why it is built so: docs/decisions/0002.
"""
