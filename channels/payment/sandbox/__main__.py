"""`python -m channels.payment.sandbox` serves the sandbox where `HANSE_SANDBOX_PAYMENT_URL` says, until it is stopped."""

import uvicorn

from channels.payment.sandbox.app import build_app
from channels.payment.sandbox.settings import SandboxSettings
from hanse.absent import remember_absent
from hanse.settings import Settings


def main() -> None:
    """Serve. Calls that are held open on purpose do not delay the stop for more than a second."""
    remember_absent("sniffio")  # httpx looks for it four times a request
    shared = Settings()
    settings = SandboxSettings()
    host, port = shared.listen_on(shared.sandbox_payment_url)
    app = build_app(
        shared.data_dir / "sandbox-payment" / "books.sqlite",
        (settings.public_url or shared.sandbox_payment_url).rstrip("/"),
        shared.sandbox_payment_secret.get_secret_value(),
        settings,
    )
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=shared.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
