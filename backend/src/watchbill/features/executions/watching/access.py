"""What stays open, or waits long for its answer, ends with the access of whoever watches or waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from uuid import UUID

from starlette.requests import HTTPConnection

from watchbill.core.errors import Unavailable
from watchbill.features.executions.watching.events import Told
from watchbill.features.identity import service as people
from watchbill.features.identity.access import database, identity_options
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.permissions import Permission
from watchbill.kit.database.transactions import DatabaseUnavailable

# After this long it is asked again whether whoever watches may; one answer is good for all that the same
# session or key has open. With the watch's own pauses an end of access is noticed within 14 s.
RECHECK_SECONDS = 5.0
GOOD_SECONDS = 4.0
_REMEMBERED = 10_000

_Who = tuple[UUID, UUID, UUID | None, UUID | None, Permission]


def long_ago(moment: float) -> bool:
    """Whether whoever was let in then, by `time.monotonic`, is to be looked at again before they are told."""
    return time.monotonic() - moment >= RECHECK_SECONDS


class WatchAccess:
    """Who was found to be let in, and when. Use it from one event loop."""

    def __init__(self) -> None:
        self._checked: dict[_Who, float] = {}
        self._checking: dict[_Who, asyncio.Task[None]] = {}

    async def while_let_in(
        self, connection: HTTPConnection, identity: Identity, blocks: AsyncGenerator[list[Told]]
    ) -> AsyncGenerator[list[Told]]:
        """The blocks for as long as whoever watches is let in.

        Raises:
            NotAuthenticated, Forbidden, Unavailable: they are not any more, or it cannot be found out.
        """
        looked = time.monotonic()
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                if long_ago(looked):
                    await self.look(connection, identity, "executions:read")
                    looked = time.monotonic()
                yield block

    async def look(self, connection: HTTPConnection, identity: Identity, permission: Permission) -> None:
        """Insist on somebody still being let in.

        Raises:
            NotAuthenticated, Forbidden, Unavailable: they are not any more, or it cannot be found out.
        """
        who = (identity.tenant_id, identity.user_id, identity.sign_in_id, identity.key_id, permission)
        if time.monotonic() - self._checked.get(who, -GOOD_SECONDS) < GOOD_SECONDS:
            return
        checking = self._checking.get(who)
        if checking is None:
            checking = self._checking[who] = asyncio.create_task(self._check(connection, identity, who))
            checking.add_done_callback(lambda _: self._checking.pop(who, None))
        await asyncio.shield(checking)

    async def _check(self, connection: HTTPConnection, identity: Identity, who: _Who) -> None:
        begun = time.monotonic()
        try:
            async with (await database(connection)).transaction() as work:
                options = await identity_options(connection)
                again = await people.authenticate_again(work.session, options, identity)
        except DatabaseUnavailable as error:
            raise Unavailable(str(error), code="database_unavailable") from error
        again.demand(who[-1])
        if len(self._checked) >= _REMEMBERED:
            self._checked.clear()
        self._checked[who] = begun
