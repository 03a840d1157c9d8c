"""Interim answers of HTTP (1xx): a few may come before the answer, and a server that sends no end of them is
not listened to."""

from __future__ import annotations

from typing import Any, cast

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError

# A 100 and some early hints; aiohttp would take any number of them without letting anybody else go on.
_MOST = 20


class FewInterim(aiohttp.ClientResponse):
    """What a session takes as its `response_class`: with more than a few interim answers before it, it fails
    like what is no HTTP."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """See aiohttp.ClientResponse."""
        return await super().start(cast("Connection", _Counting(connection)))


class _Counting:
    """A connection whose answers are counted; all else is the connection's own."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._answers = _Answers(connection)

    @property
    def protocol(self) -> _Answers | None:
        """What answers are read of; None when the connection was given back."""
        return None if self._connection.protocol is None else self._answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Answers:
    """The protocol of a connection."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._read = 0

    async def read(self) -> Any:
        """The next answer, interim or not.

        Raises:
            HttpProcessingError: there were too many.
        """
        self._read += 1
        if self._read > _MOST:
            raise HttpProcessingError(code=502, message=f"More than {_MOST} interim answers (1xx)")
        protocol: Any = self._connection.protocol
        return await protocol.read()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection.protocol, name)
