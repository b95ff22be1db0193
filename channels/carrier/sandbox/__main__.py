"""`python -m channels.carrier.sandbox` serves the sandbox where `HANSE_SANDBOX_CARRIER_URL` says, until it is stopped."""

from datetime import timedelta

from channels.carrier.sandbox.app import build_app
from channels.carrier.sandbox.settings import CarrierSandboxSettings
from channels.sandbox.serving import serve
from hanse.settings import Settings

_JOURNEY = 600.0


def main() -> None:
    """Serve."""
    shared = Settings()
    settings = CarrierSandboxSettings()
    seconds = settings.journey_seconds
    if seconds is None:
        seconds = 0 if shared.environment == "test" else _JOURNEY
    app = build_app(
        shared.data_dir / "sandbox-carrier" / "books.sqlite",
        shared.sandbox_carrier_secret.get_secret_value(),
        settings,
        journey=timedelta(seconds=seconds),
    )
    serve(app, shared.sandbox_carrier_url, shared)


if __name__ == "__main__":
    main()
