"""How fetched statements are put away."""

from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Put a fetched file in its place at once, so that nobody reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(content)
    part.replace(file)
