"""`python -m api.openapi` writes the OpenAPI document of the api with these settings to standard output."""

import json
import sys

from api.app import build
from hanse.settings import Settings

if __name__ == "__main__":
    sys.stdout.write(json.dumps(build(Settings()).openapi(), ensure_ascii=False, separators=(",", ":")))
