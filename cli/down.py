"""`hanse down`: stop a stack that was started in another terminal."""

from cli.console import DataDir, console, settings_for
from hanse.stack.embedded import end_left_behind
from hanse.stack.part import StackError
from hanse.stack.state import read_state

_PATIENCE = 90.0
"""Seconds for every part to end in order."""


def down(data_dir: DataDir = None) -> None:
    """Stop the running stack; its data stays."""
    folder = settings_for(data_dir).data_dir
    state = read_state(folder)
    if state is None:
        console.print(f"No stack runs in {folder}", highlight=False)
        return
    if not state.is_running():
        end_left_behind(folder)
        console.print(f"The stack in {folder} was killed before; what it left behind is ended now", highlight=False)
        return
    with console.status("Stopping, the youngest part first"):
        state.supervisor.ask_to_end()
        if not state.supervisor.wait_gone(_PATIENCE):
            raise StackError(
                f"the supervisor (pid {state.supervisor.pid}) did not end within {_PATIENCE:.0f} s; "
                f"kill it (`kill -9 {state.supervisor.pid}`) and run `hanse down` again to end its parts"
            )
    console.print("Stopped; data stays", highlight=False)
