"""Sends Celery's tasks from an event loop, in a thread of its own: Celery's connections block."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from kombu.messaging import Producer
from redis.exceptions import RedisError


class BrokerAway(ConnectionError):
    """The message broker does not answer."""


class TaskSender:
    """Sends tasks by name, one after the other."""

    def __init__(self, app: Celery):
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="celery-sender")
        # Only the thread uses them.
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    async def send(self, name: str, args: Sequence[Any], *, seconds: int) -> None:
        """Send a task that is good for so many seconds.

        Raises:
            BrokerAway: it could not be sent; later ones may.
        """
        send = partial(self._send, name, args, seconds)
        await asyncio.get_running_loop().run_in_executor(self._thread, send)

    async def close(self) -> None:
        """Close the connection once all is sent; another is opened if more is to be sent."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)

    def _send(self, name: str, args: Sequence[Any], seconds: int) -> None:
        if self._producer is None:
            self._connection = connection = cast("Connection", self._app.connection_for_write())
            self._producer = Producer(connection)
        try:
            self._app.send_task(name, args=args, expires=seconds, ignore_result=True, producer=self._producer)
        except (OperationalError, RedisError, OSError) as error:
            self._disconnect()
            raise BrokerAway(str(error) or type(error).__name__) from error

    def _disconnect(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.release()
