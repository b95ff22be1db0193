"""`hanse search-keys`: the two keys of a Meilisearch server that the shop needs."""

import asyncio
from typing import Annotated

import typer

from cli.console import DataDir, console, settings_for
from hanse.stack.part import StackError


def search_keys(
    master_key: Annotated[str, typer.Option(envvar="MEILI_MASTER_KEY", prompt=True, hide_input=True)],
    data_dir: DataDir = None,
) -> None:
    """Make the scoped keys on the Meilisearch server of HANSE_MEILI_URL, or find them; print them as lines of a `.env` file.

    The api needs one that may only search, the worker of queue `search` one that may do everything with the shop's indexes. The
    master key itself is given to neither.
    """
    from search.engine import SearchUnavailable
    from search.meilisearch.keys import scoped_keys

    settings = settings_for(data_dir)
    if not settings.meili_url:
        raise StackError("HANSE_MEILI_URL names no Meilisearch server; set it first")
    try:
        keys = asyncio.run(scoped_keys(settings.meili_url, master_key))
    except SearchUnavailable as fault:
        raise StackError(str(fault)) from fault
    console.print(f"HANSE_MEILI_SEARCH_KEY={keys['search']}", highlight=False, soft_wrap=True)
    console.print(f"HANSE_MEILI_WRITE_KEY={keys['write']}", highlight=False, soft_wrap=True)
