"""core.ports.calls over Celery: the question is a task, the answer comes back on a Redis list."""

from __future__ import annotations

import asyncio
import math
from typing import Any
from uuid import uuid4

import orjson
from celery import Celery
from redis.asyncio import Redis
from redis.exceptions import RedisError

from watchbill.adapters.celery.sending import TaskSender
from watchbill.core.errors import Unavailable
from watchbill.kit.database.waits import about_to_await


class CeleryCalls:
    """Sends tasks by name; the worker's code is never imported here. The last argument of every task is the
    key of the list where the answer is awaited."""

    def __init__(self, app: Celery, redis: Redis):
        self._sender = TaskSender(app)
        self._redis = redis

    async def call(self, name: str, *args: str | None, timeout: float) -> dict[str, Any]:
        """See core.ports.calls.WorkerCalls."""
        about_to_await("A worker's answer")
        reply_key = f"wb:replies:{uuid4().hex}"
        try:
            # A question nobody took in time is not worth answering any more.
            async with asyncio.timeout(timeout):
                await self._sender.send(name, [*args, reply_key], seconds=math.ceil(timeout))
            found = await self._answer(reply_key, timeout)
        except (RedisError, OSError) as error:
            raise Unavailable("The message broker does not answer.", code="broker_unavailable") from error
        if found is None:
            raise Unavailable("No worker answered. Start one with `watchbill worker`.", code="no_worker")
        return orjson.loads(found[1])

    async def close(self) -> None:
        """Close the connection to the broker."""
        await self._sender.close()

    async def _answer(self, reply_key: str, timeout: float) -> Any:
        """What arrives on the list in time, or None. One long wait would outlast the socket's time-out."""
        deadline = asyncio.get_running_loop().time() + timeout
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            if found := await self._redis.blpop([reply_key], timeout=min(left, 2.0)):  # type: ignore[misc]
                return found
        return None
