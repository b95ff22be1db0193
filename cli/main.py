"""Assembles `hanse` from the verbs beside this file. A verb is imported when it is asked for, so none slows another."""

import importlib
import pkgutil
import sys
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

import cli
from cli.away import what_is_away
from cli.console import errors
from hanse.stack.part import StackError

_MODULES = {module.name.strip("_").replace("_", "-"): module.name for module in pkgutil.iter_modules(cli.__path__)}


class Verbs(TyperGroup):
    """`hanse replay-orders` is `replay_orders()` in `cli/replay_orders.py`; a module without such a function is no verb."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every verb, for `hanse --help`."""
        return [name for name in _MODULES if self.get_command(ctx, name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the context decides nothing
        """One verb; None when there is no such verb."""
        module = _MODULES.get(cmd_name, "main")
        verb = None if module == "main" else getattr(importlib.import_module(f"cli.{module}"), module, None)
        if not callable(verb):
            return None
        alone = typer.Typer(pretty_exceptions_show_locals=False, add_completion=False)
        alone.command(name=cmd_name)(verb)
        return typer.main.get_command(alone)


app = typer.Typer(
    name="hanse",
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold secrets
)


@app.callback()
def hanse() -> None:
    """Hanse, a saga-first commerce backend. Begin with `hanse up`."""


def main() -> None:
    """The `hanse` command. A problem of the set-up is told in a sentence, without a traceback: exit code 1 when it cannot be
    done, 2 when the stack that should do it does not answer."""
    try:
        app()
    except StackError as problem:
        _tell(str(problem), exit_code=1)
    except Exception as fault:
        if (away := what_is_away(fault)) is None:
            raise
        _tell(away, exit_code=2)


def _tell(problem: str, *, exit_code: int) -> None:
    errors.print(f"[bold red]✗[/] {escape(problem)}", highlight=False)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
