"""What the execution routes work with, made once by the API's assembly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from starlette.requests import HTTPConnection

from watchbill.core.ports.compute import Compute
from watchbill.core.ports.documents import DocumentStore
from watchbill.core.ports.journal import Journal
from watchbill.core.ports.live import LiveEvents, LiveReader
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.history import History, Read, unmeasured
from watchbill.features.executions.service import NodeTypes, Reading
from watchbill.features.executions.watching.access import WatchAccess
from watchbill.features.identity.aside import Aside


class Hints(Protocol):
    """Messages to workers that may be lost without harm."""

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution waits; a failure is logged, since a sweep finds it anyway."""
        ...

    async def cancel(self, execution_id: UUID) -> None:
        """Say that an execution is to stop; a failure is logged, since its row says so too."""
        ...

    async def wake(self, execution_id: UUID) -> None:
        """Say that something is asked of an execution; a failure is logged: the next heartbeat tells too."""
        ...


@dataclass(frozen=True, slots=True)
class ExecutionPorts:
    """The ports behind the execution routes, the thread for large plans, the installation's limit on
    executions that run for a tenant (0 for any number), and who may go on watching."""

    journal: Journal
    history: History
    documents: DocumentStore
    live: LiveReader
    publisher: LiveEvents
    hints: Hints
    compute: Compute
    types: NodeTypes
    aside: Aside
    running_limit: int = 0
    watch_access: WatchAccess = field(default_factory=WatchAccess)
    read: Read = unmeasured

    def reading(self, scope: TenantScope) -> Reading:
        """What it takes to read a tenant's executions whole."""
        return Reading(scope, self.types, self.history, self.aside, self.read, self.running_limit)


async def ports_of(connection: HTTPConnection) -> ExecutionPorts:
    """The ports that the app's lifespan put into its state."""
    return connection.app.state.executions
