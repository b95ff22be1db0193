"""`hanse api`: the HTTP api, the storefront and the console in this terminal."""

import runpy


def api() -> None:
    """Serve the HTTP api, the storefront and the console on the port of HANSE_API_URL, until Ctrl-C."""
    runpy.run_module("web", run_name="__main__")
