"""`python -m api`."""

from urllib.parse import urlsplit

import uvicorn

from api.app import build
from hanse.settings import Settings
from hanse.telemetry import setup_telemetry

if __name__ == "__main__":
    settings = Settings()
    setup_telemetry(settings, "hanse-api")
    address = urlsplit(settings.api_url)
    uvicorn.run(build(settings), host=address.hostname or "127.0.0.1", port=address.port or 8000, log_config=None, access_log=False)
