"""`python -m api.openapi` writes the OpenAPI document of the api with these settings to standard output."""

import json
import sys

from api.app import build
from hanse.settings import Settings

if __name__ == "__main__":
    document = build(Settings()).openapi()
    sys.stdout.buffer.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
