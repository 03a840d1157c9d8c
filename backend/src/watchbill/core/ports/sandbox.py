"""The sandbox: programs of tenants run here, and nowhere else.

A program is Python source or an image. A policy chooses the tier, which is what keeps the program in: an
interpreter that needs no installation, or containers. Where no tier fits, the answer is no.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from watchbill.core.errors import WatchbillError
from watchbill.core.tenancy import TenantScope

Tier = Literal["wasm", "docker", "kubernetes"]
Exceeded = Literal["time", "memory", "processes", "output", "logs", "disk"]


class NoTier(WatchbillError):
    """No tier of this installation can run the program. The detail says which tier would be needed, and what
    to do."""

    code = "sandbox_unavailable"
    status = 409
    title = "No sandbox can run this"


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """Python source that defines `run`: its keyword arguments are the fields of the input, what it returns
    is the output.

    Args:
        requirements: what pip would install, each with its version. An image has them already.
        image: the image that was built for the requirements; None without any.
    """

    code: str
    requirements: tuple[str, ...] = ()
    image: str | None = None


@dataclass(frozen=True, slots=True)
class ImageProgram:
    """An image: one JSON object on its standard input, one JSON value on its standard output, logs on its
    standard error.

    Args:
        image: its content address.
        command: instead of the image's own.
    """

    image: str
    command: tuple[str, ...] = ()


Program = PythonProgram | ImageProgram


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one call of a program may use.

    Args:
        timeout_seconds: from its start to its end; waiting for its turn does not count.
        memory_mb: of main memory.
        cpus: of processors.
        processes: processes and threads, where the tier has any.
        output_kb: of the output as JSON; logs may have as much again.
        disk_mb: of temporary files, where the tier has any.
        network: hosts that it may reach, as `host` or `host:port`; none without any.
    """

    timeout_seconds: float = 60.0
    memory_mb: int = 512
    cpus: float = 0.5
    processes: int = 64
    output_kb: int = 1024
    disk_mb: int = 64
    network: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxCaller:
    """On whose behalf a program runs. What is kept warm is never shared between tenants, and what holds state
    never between executions.

    Args:
        execution_id: the execution; None when somebody tries it out.
        key: the same for each attempt at the same call, for programs that must not do a thing twice.
    """

    scope: TenantScope
    execution_id: UUID | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class SandboxFailure:
    """Why a program gave no output.

    Args:
        kind: `user` for its own errors, `limit` where it would have used too much.
        exceeded: which limit it hit.
        message: a sentence; of its own errors the traceback's last lines, with the lines of its code.
    """

    kind: Literal["user", "limit"]
    message: str
    exceeded: Exceeded | None = None


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """How a call ended. `output` is JSON, and means nothing after a failure. `logs` is what was printed,
    cut where the limit was."""

    tier: Tier
    duration_ms: int
    output: Any = None
    failure: SandboxFailure | None = None
    logs: str = ""


# What the program prints, in pieces, as it comes.
Printed = Callable[[str], None]


class Sandbox(Protocol):
    """Runs programs of tenants. Cancelling the caller ends the program within two seconds."""

    async def run(
        self,
        caller: SandboxCaller,
        program: Program,
        input: Any,
        limits: SandboxLimits,
        printed: Printed = lambda _text: None,
    ) -> SandboxResult:
        """Run a program to its end. What the program does wrong is in the result.

        Args:
            input: a JSON object.

        Raises:
            NoTier: none fits.
            TooManyRequests: as many calls of the tenant wait as may.
            Unavailable: the tier is broken or away; nothing is known of the program's effects.
        """
        ...


@dataclass(frozen=True, slots=True)
class TierAbilities:
    """What a tier offers, for pages that say it before the first call.

    Args:
        python: the version of Python, such as "3.14".
        modules: of the standard library, those that can be imported; None for all.
        notes: sentences about what does not work.
    """

    tier: Tier
    python: str
    modules: Sequence[str] | None
    notes: Sequence[str] = ()
