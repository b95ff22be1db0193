"""The ground everything stands on: settings, clients, telemetry, and the embedded stack's supervisor.

It knows no domain and imports no layer. Start with `settings.py`; then `database.py` (a pool per domain database),
`temporal.py` (the client and its payload codec), `telemetry.py` (traces, metrics, logs) and `stack/` (real servers on a
machine that has nothing but Python).
"""

import sys

# httpx loads its command line, if it can, and with it rich and pygments: 3 MB and a tenth of a second of every process.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None says that there is no such module
