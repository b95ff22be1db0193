"""What runs in Temporal, as an audit asks for it."""

from typing import TYPE_CHECKING

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

if TYPE_CHECKING:
    from temporalio.client import Client


async def running(client: "Client", workflow: str, prefix: str) -> set[str]:
    """What follows `prefix` in the ids of running workflows of a type. Temporal's list is up to a second late: whoever misses
    something in it asks `status_of`."""
    query = f"WorkflowType = '{workflow}' AND ExecutionStatus = 'Running'"
    return {execution.id.removeprefix(prefix) async for execution in client.list_workflows(query)}


async def status_of(client: "Client", workflow_id: str) -> str:
    """How this workflow stands right now, in one word: `running`, `completed`, …, `missing` if there is none."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return "missing"
        raise
    return (described.status or WorkflowExecutionStatus.RUNNING).name.lower()


async def runs(client: "Client", listed: set[str], prefix: str, subject: str) -> bool:
    """Whether the workflow of a subject runs: the list says so, or Temporal does when it is asked for this one."""
    return subject in listed or await status_of(client, f"{prefix}{subject}") == "running"
