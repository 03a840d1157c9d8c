"""What takes long to compute for a request, and giving it up when its client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection, Request

from watchbill.core.errors import WatchbillError
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.transactions import outside
from watchbill.kit.process.supervision import end

Result = TypeVar("Result")


class ClientGone(WatchbillError):
    """Nobody waits for the answer any more."""

    code = "client_gone"
    status = 499
    title = "The client closed the request"


async def compute_of(connection: HTTPConnection) -> Compute:
    """What the app's lifespan put into its state."""
    return connection.app.state.compute


@dataclass(frozen=True, slots=True)
class UntilGone:
    """Computes for a request: as `compute` does, and what is under way is given up when the client leaves."""

    compute: Compute
    request: Request

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        """See core.ports.compute.Compute. The body of the request was read.

        Raises:
            ClientGone: the client closed the request.
        """
        return await unless_gone(self.request, self.compute.run(scope, job, argument))


async def computed(
    session: AsyncSession, compute: Compute, scope: TenantScope, job: str, argument: Any
) -> Any:
    """What a job gives. Meanwhile the session's transaction is committed and its connection given back;
    whatever comes of the job, there is another one afterwards.

    Raises:
        WatchbillError: what core.ports.compute.Compute says.
    """
    failure: WatchbillError | None = None
    answer: Any = None
    async with outside(session):
        try:
            answer = await compute.run(scope, job, argument)
        except WatchbillError as error:
            failure = error
    if failure is not None:
        raise failure
    return answer


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives; it is cancelled when the client closes the request, whose body was read.

    Raises:
        ClientGone: the client did.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientGone
        return doing.result()
    finally:
        await end((doing, leaving))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
