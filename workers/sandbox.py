"""Which modules Temporal's workflow sandbox takes as they are instead of importing them anew for every run.

Workflow modules see messages, rules and references to activities only; import-linter holds them to it. Loading those
packages once costs nothing in determinism and saves the sandbox tens of milliseconds of CPU per workflow.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

_OURS = ("activities", "bus", "channels", "hanse", "models", "stores", "workflows")
_THEIRS = ("aiokafka", "asyncpg", "cryptography", "httpx", "opentelemetry", "pydantic_settings", "redis", "sqlalchemy")


def runner() -> SandboxedWorkflowRunner:
    """The runner every worker and every replay uses."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_OURS, *_THEIRS))
