"""`hanse consume`: count what the shop's events tell, in this terminal."""

from hanse.settings import Settings


def consume() -> None:
    """Consume the shop's events and keep the rankings, until Ctrl-C."""
    # Imported here so that `hanse --help` need not load Kafka's client.
    from workers.consumers import run

    run(Settings())
