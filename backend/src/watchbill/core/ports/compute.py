"""Compute: what a tenant wrote or sent is worked on in processes of its own, which can be killed.

To add a job:

1. Write a pure function of one JSON value that returns a JSON value, in `core`, `nodes`, `kit` or
   `engine.jobs`. It tells of wrong values in what it returns; what it raises is a bug of ours, except
   OverBudget.
2. Give it a name: one line in `adapters/compute/jobs.py`.
3. Call it: `await compute.run(scope, "schema.check", {"schema": schema, "value": value})`, and turn
   ComputeLimit into what your caller is told. Never call it inside a database transaction: others may have to
   wait for the connection.

What costs less than a millisecond need not go through here: `core.computing_budget.quick` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from watchbill.core.errors import TooManyRequests, WatchbillError
from watchbill.core.tenancy import TenantScope

Exceeded = Literal["steps", "size", "time", "memory", "argument", "answer"]
_SAID: dict[Exceeded, str] = {
    "steps": "It takes too many steps.",
    "size": "It makes too large a value.",
    "time": "It takes too long.",
    "memory": "It needs too much memory.",
    "argument": "The values it works on are too large.",
    "answer": "Its result is too large.",
}


class ComputeLimit(WatchbillError):
    """A computation would use more than it may. `what` names the limit; the detail is a sentence."""

    code = "computation_limit"
    status = 422
    title = "This is too much to compute"

    def __init__(self, what: Exceeded):
        super().__init__(_SAID[what], code=f"too_much_{what}" if what in ("time", "memory") else None)
        self.what: Exceeded = what


class ComputeBusy(TooManyRequests):
    """As many computations of the tenant wait as may."""

    code = "too_many_computations"

    def __init__(self) -> None:
        super().__init__("Too many computations of this tenant wait already. Try again soon.", retry_after=2)


class ComputeBug(Exception):
    """A job raised something: a bug of ours. The message is the traceback, for the log alone."""


@dataclass(frozen=True, slots=True)
class ComputeLimits:
    """What one job may use.

    Args:
        cpu_seconds: of a processor.
        wall_seconds: in all, from its start; waiting for its turn is free.
        memory_bytes: beyond what a process has before its first job.
        argument_bytes: of its argument as JSON.
        answer_bytes: of its answer as JSON.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 60.0
    memory_bytes: int = 512 * 1024 * 1024
    argument_bytes: int = 32 * 1024 * 1024
    answer_bytes: int = 16 * 1024 * 1024


class Compute(Protocol):
    """Runs named jobs. Tenants take turns; cancelling the caller kills the job."""

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        """What the job gives for this argument; both are JSON, and whole numbers of 64 bits stay exact.

        Args:
            argument: a JSON value, or any that orjson can write, such as an orjson.Fragment.

        Raises:
            ComputeLimit: it would use more than it may, or did and was killed.
            ComputeBusy: too many jobs of the tenant wait.
            ComputeBug: the job failed in a way that it should not.
        """
        ...
