"""Which modules Temporal's workflow sandbox takes as they are instead of importing them anew for every run.

Workflow modules see messages, rules and references to activities only; import-linter holds them to it. Loading those
packages once costs nothing in determinism and saves the sandbox tens of milliseconds of CPU per workflow.
"""

from functools import cache
from types import CodeType
from typing import Any

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.worker.workflow_sandbox._runner import _Instance

_OURS = ("activities", "bus", "channels", "hanse", "models", "stores", "workflows")
_THEIRS = ("aiokafka", "asyncpg", "cryptography", "httpx", "opentelemetry", "pydantic_settings", "redis", "sqlalchemy")


class _AlikeForAll(WorkflowInstance):
    """A workflow in the sandbox whose payloads are converted alike whatever they belong to.

    The SDK asks the instance for the context of every single payload, and the sandbox compiles and runs a line of code to
    answer. Our converter and codec know no context (`hanse.temporal`), so the answer can be given out here.
    """

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: Any) -> Any:
        """In the sandbox."""
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:
        """None: converted without a context."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:  # noqa: ARG002
        """None either: no payload is stored elsewhere."""
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Any:
        """In the sandbox."""
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        """In the sandbox."""
        return self._sandboxed.get_thread_id()


class _Compiled(_Instance):
    """The SDK enters the sandbox by a few lines of code, the same ones for every activation: they are compiled once."""

    def _run_code(self, code: str, **extra_globals: Any) -> None:
        super()._run_code(_compiled(code), **extra_globals)  # type: ignore[arg-type] # it is given to `exec`


@cache
def _compiled(code: str) -> CodeType:
    return compile(code, "workflow_sandbox.py", "exec")


class _Sandbox(SandboxedWorkflowRunner):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _AlikeForAll(_Compiled(det, self.runner_class, self.restrictions))


def runner() -> SandboxedWorkflowRunner:
    """The runner every worker and every replay uses."""
    return _Sandbox(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_OURS, *_THEIRS))
