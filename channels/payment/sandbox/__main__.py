"""`python -m channels.payment.sandbox` serves the sandbox where `HANSE_SANDBOX_PAYMENT_URL` says, until it is stopped."""

from urllib.parse import urlsplit

import uvicorn

from channels.payment.sandbox.app import build_app
from channels.payment.sandbox.settings import SandboxSettings
from hanse.settings import Settings


def main() -> None:
    """Serve. Calls that are held open on purpose do not delay the stop for more than a second."""
    shared = Settings()
    own_url = shared.sandbox_payment_url.rstrip("/")
    address = urlsplit(own_url)
    app = build_app(
        shared.data_dir / "sandbox-payment" / "books.sqlite",
        own_url,
        shared.sandbox_payment_secret.get_secret_value(),
        SandboxSettings(),
    )
    uvicorn.run(
        app,
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
        log_level=shared.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
