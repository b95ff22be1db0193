"""`python -m web`: the api, the storefront and the console."""

import uvicorn

from hanse.memory import collect_what_comes, keep_little
from hanse.settings import Settings
from hanse.telemetry import setup_telemetry
from web.app import build

if __name__ == "__main__":
    keep_little()
    settings = Settings()
    setup_telemetry(settings, "hanse-api")
    host, port = settings.listen_on(settings.api_url)
    app = build(settings)
    collect_what_comes()
    # No WebSocket is served (changes are told by server-sent events): without its library a process is smaller.
    # Longer than clients and balancers keep an idle connection, so that it is never closed under a request on its way.
    uvicorn.run(app, host=host, port=port, ws="none", log_config=None, access_log=False, timeout_keep_alive=75)
