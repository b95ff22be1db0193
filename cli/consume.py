"""`hanse consume`: listen to the shop's events, in this terminal."""

from hanse.settings import Settings


def consume() -> None:
    """Consume the shop's events until Ctrl-C: keep the rankings, start what tells people and other systems."""
    # Imported here so that `hanse --help` need not load Kafka's client.
    from workers.consumers import run

    run(Settings())
