"""Asking a worker something and waiting for the answer."""

from __future__ import annotations

from typing import Any, Protocol


class WorkerCalls(Protocol):
    """Short questions that only a worker can answer, since only workers have the libraries for it."""

    async def call(self, name: str, *args: str | None, timeout: float) -> dict[str, Any]:
        """Have a worker run the task of that name; its answer is a JSON object. `timeout` is in seconds.

        Raises:
            Unavailable: no worker answered in time, or the message could not be sent.
        """
        ...
