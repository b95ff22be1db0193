"""`python -m workers [queue …]`."""

import sys

from hanse.settings import Settings
from workers.main import run

if __name__ == "__main__":
    run(Settings(), sys.argv[1:])
