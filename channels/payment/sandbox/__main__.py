"""`python -m channels.payment.sandbox` serves the sandbox where `HANSE_SANDBOX_PAYMENT_URL` says, until it is stopped."""

from channels.payment.sandbox.app import build_app
from channels.payment.sandbox.settings import SandboxSettings
from channels.sandbox.serving import serve
from hanse.settings import Settings


def main() -> None:
    """Serve."""
    shared = Settings()
    settings = SandboxSettings()
    app = build_app(
        shared.data_dir / "sandbox-payment" / "books.sqlite",
        (settings.public_url or shared.sandbox_payment_url).rstrip("/"),
        shared.sandbox_payment_secret.get_secret_value(),
        settings,
    )
    serve(app, shared.sandbox_payment_url, shared)


if __name__ == "__main__":
    main()
