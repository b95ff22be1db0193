"""The provider's pages."""

from pathlib import Path

from channels.sandbox.page import Pages

PAGES = Pages(Path(__file__).with_name("templates"))
