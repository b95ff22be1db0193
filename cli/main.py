"""Assembles `hanse` from the verbs beside this file."""

import importlib
import pkgutil
import sys

import typer

import cli
from cli.console import errors
from hanse.stack.part import StackError

app = typer.Typer(
    name="hanse",
    help="Hanse, a saga-first commerce backend. Begin with `hanse up`.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold secrets
)

for _module in pkgutil.iter_modules(cli.__path__):
    if _module.name == "main":
        continue
    _verb = getattr(importlib.import_module(f"cli.{_module.name}"), _module.name, None)
    if callable(_verb):
        app.command(name=_module.name.strip("_").replace("_", "-"))(_verb)


def main() -> None:
    """The `hanse` command. A problem of the set-up is told in a sentence, without a traceback."""
    try:
        app()
    except StackError as problem:
        errors.print(f"[bold red]✗[/] {problem}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
