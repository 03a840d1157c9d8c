"""The tier: Python programs without requirements and without network, in processes that hold nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import structlog

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.sandbox.wasm.compiling import compiled_name
from watchbill.core.errors import Unavailable
from watchbill.core.ports.compute import ComputeBug, ComputeLimit, ComputeLimits
from watchbill.core.ports.sandbox import (
    Exceeded,
    Printed,
    PythonProgram,
    SandboxCaller,
    SandboxFailure,
    SandboxLimits,
    SandboxResult,
)

logger = structlog.get_logger(__name__)
_JOBS = "watchbill.adapters.sandbox.wasm.jobs"
COMPONENT = Path(__file__).parent / "guest.wasm"
# Beyond a program's own time: making its interpreter, and a machine that does much else. Then its process
# is killed.
_GRACE_SECONDS = 5.0
_GIB = 1024**3
# Of an error that a program makes.
_MOST_CHARACTERS = 4_000
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "TMPDIR")


class WasmSandbox:
    """Runs Python in an interpreter that is WebAssembly: it has no system calls to begin with.

    Args:
        cache: the folder for the compiled interpreter, which other processes may share.
        processes: calls at a time.
        waiting: calls of a tenant that may wait for their turn.
        component: the interpreter as it was built.
    """

    def __init__(self, cache: Path, *, processes: int = 12, waiting: int = 1000, component: Path = COMPONENT):
        self._cache, self._component = cache, component
        self._processes, self._waiting = processes, waiting
        self._opening: asyncio.Task[ProcessPool] | None = None

    @property
    def built(self) -> bool:
        """Whether the interpreter is there at all."""
        return self._component.exists()

    def load(self) -> None:
        """Begin to compile, unless that was done; calls wait for it."""
        if self._opening is None or (self._opening.done() and self._failed(self._opening)):
            self._opening = asyncio.create_task(self._open(), name="sandbox opens")

    async def run(
        self,
        caller: SandboxCaller,
        program: PythonProgram,
        input: Any,
        limits: SandboxLimits,
        printed: Printed,
    ) -> SandboxResult:
        """See core.ports.sandbox.Sandbox."""
        pool = await self._pool()
        argument = {
            "code": program.code,
            "input": orjson.dumps(input).decode(),
            "key": caller.key,
            "memory_mb": limits.memory_mb,
            "seconds": limits.timeout_seconds,
            "output_kb": limits.output_kb,
        }
        logs: list[str] = []

        def hear(text: str) -> None:
            logs.append(text)
            printed(text)

        begin = time.monotonic()
        try:
            said = await pool.run(
                caller.scope,
                "call",
                argument,
                seconds=limits.timeout_seconds + _GRACE_SECONDS,
                told=hear,
            )
        except ComputeLimit as error:
            said = {"failure": "time" if error.what == "time" else "size", "message": ""}
        except ComputeBug as error:
            logger.error("sandbox_failed", traceback=str(error))
            raise Unavailable("The sandbox failed. Nothing of the program is at fault.") from error
        took = round((time.monotonic() - begin) * 1000)
        if "failure" in said:
            failure = _failure(said["failure"], said["message"], limits)
            return SandboxResult("wasm", took, failure=failure, logs="".join(logs))
        return SandboxResult("wasm", took, said["output"], logs="".join(logs))

    async def close(self) -> None:
        """End every process."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
            if not self._failed(self._opening):
                await self._opening.result().close()

    async def _pool(self) -> ProcessPool:
        self.load()
        assert self._opening is not None
        return await asyncio.shield(self._opening)

    async def _open(self) -> ProcessPool:
        if not self.built:
            text = "This installation lacks the interpreter of its sandbox. Run `make up` again."
            raise Unavailable(text, code="sandbox_missing")
        component = await asyncio.to_thread(self._component.read_bytes)
        compiled = self._cache / await asyncio.to_thread(compiled_name, component)
        del component
        if not compiled.exists():
            await self._compile(compiled)
        return ProcessPool(
            processes=self._processes,
            waiting=self._waiting,
            # Programs may take an hour: it takes several tenants to fill all places.
            share=max(1, self._processes // 3),
            # WebAssembly reserves far more addresses than it uses; its own limits hold what it uses.
            limits=ComputeLimits(cpu_seconds=86_400, wall_seconds=86_400, memory_bytes=1024 * _GIB),
            registry=_JOBS,
            preparation=str(compiled),
            tries=1,
        )

    async def _compile(self, target: Path) -> None:
        begin = time.monotonic()
        target.parent.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "watchbill.adapters.sandbox.wasm.compiling",
            str(self._component),
            str(target),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            logger.error("sandbox_not_compiled", said=said.decode(errors="replace")[-4000:])
            raise Unavailable("The sandbox's interpreter cannot be compiled; the log says why.")
        logger.info("sandbox_compiled", seconds=round(time.monotonic() - begin, 1))

    @staticmethod
    def _failed(opening: asyncio.Task[ProcessPool]) -> bool:
        return opening.cancelled() or opening.exception() is not None


def _failure(what: str, message: str, limits: SandboxLimits) -> SandboxFailure:
    sentences: dict[str, tuple[Exceeded, str]] = {
        "time": ("time", f"It was not done after {limits.timeout_seconds:g} seconds."),
        "memory": ("memory", f"It needs more than {limits.memory_mb:,} MB of memory."),
        "size": ("output", f"Its output is larger than {limits.output_kb:,} kB."),
    }
    if what in sentences:
        exceeded, text = sentences[what]
        return SandboxFailure("limit", text, exceeded)
    return SandboxFailure("user", message[:_MOST_CHARACTERS])
