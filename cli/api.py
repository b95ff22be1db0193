"""`hanse api`: the HTTP api in this terminal."""

import runpy


def api() -> None:
    """Serve the HTTP api on the port of HANSE_API_URL, until Ctrl-C."""
    runpy.run_module("api", run_name="__main__")
