"""Libraries that others look for and that are not installed."""

import sys
from importlib.util import find_spec


def remember_absent(name: str) -> None:
    """Tell the interpreter that this module is not there. An import that fails searches every folder each time (0.1 to 0.3 ms), and
    some libraries try one at every request."""
    if name not in sys.modules and find_spec(name) is None:
        sys.modules[name] = None  # type: ignore[assignment] # Python's own word for it: importing it fails at once
