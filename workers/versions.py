"""Worker Deployment Versioning: old and new workflow code side by side while sagas are in flight.

A versioned worker gets no new workflow before its version is made current (`hanse worker --make-current`, once per deployment).
Sagas live for days, so they move on to the current version; a change of workflow code stays behind `workflow.patched`.
"""

import asyncio

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

DEPLOYMENT = "hanse"
_PATIENCE = 30.0
"""Seconds."""


def deployment_config(version: str) -> WorkerDeploymentConfig | None:
    """How a worker of this version presents itself; None for an unversioned one."""
    if not version:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=version),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def make_current(client: Client, version: str) -> None:
    """New workflows, and running ones at their next task, go to workers of this version.

    Waits until Temporal has seen a worker of it on every queue the deployment serves; raises RPCError when it never does.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=version, identity=client.identity
                )
            )
        except RPCError as error:
            unseen = error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
            if not unseen or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.25)
        else:
            return
