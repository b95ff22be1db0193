"""`python -m channels.carrier.sandbox` serves the sandbox where `HANSE_SANDBOX_CARRIER_URL` says, until it is stopped."""

from datetime import timedelta

import uvicorn

from channels.carrier.sandbox.app import build_app
from channels.carrier.sandbox.settings import CarrierSandboxSettings
from hanse.absent import remember_absent
from hanse.settings import Settings

_JOURNEY = 600.0


def main() -> None:
    """Serve. Calls that are held open on purpose do not delay the stop for more than a second."""
    remember_absent("sniffio")  # httpx looks for it four times a request
    shared = Settings()
    settings = CarrierSandboxSettings()
    host, port = shared.listen_on(shared.sandbox_carrier_url)
    seconds = settings.journey_seconds
    if seconds is None:
        seconds = 0 if shared.environment == "test" else _JOURNEY
    app = build_app(
        shared.data_dir / "sandbox-carrier" / "books.sqlite",
        shared.sandbox_carrier_secret.get_secret_value(),
        settings,
        journey=timedelta(seconds=seconds),
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
