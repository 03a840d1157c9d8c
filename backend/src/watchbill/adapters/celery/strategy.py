"""How the worker takes tasks that only pass something on to its event loop: at once, where they arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from celery.exceptions import InvalidTaskError

Handler = Callable[..., None]


def at_once(task: Any, _app: Any, _consumer: Any) -> Handler:
    """A Celery strategy (`Task.Strategy`): run the task in the consumer's own thread.

    Celery's own makes a request of each message, hands it to a pool, and traces it, which takes longer than
    all of what our tasks do. They must not wait for anything, and their queue needs no acknowledgements.
    """

    def handle(message: Any, *_: Any) -> None:
        try:
            over_at = message.headers.get("expires")
            if over_at is None or datetime.fromisoformat(over_at) > datetime.now(UTC):
                args, kwargs, _ = message.payload
                task.run(*args, **kwargs)
        except (TypeError, ValueError) as error:
            # The consumer logs it and goes on.
            raise InvalidTaskError(f"{task.name}: {error}") from error

    return handle
