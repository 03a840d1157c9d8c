"""Programs of tenants in the sandbox: how long a call takes, alone and beside others."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.figures import Figure, percentile
from bench.stack import Stack
from watchbill.adapters.sandbox.policy import PolicySandbox
from watchbill.adapters.sandbox.wasm.sandbox import WasmSandbox
from watchbill.core.ports.sandbox import PythonProgram, SandboxCaller, SandboxLimits, SandboxResult
from watchbill.core.tenancy import TenantScope

_CALLS, _AT_ONCE, _TENANTS = 200, 100, 20
_LIMITS = SandboxLimits()
_PROGRAM = PythonProgram("def run(words):\n    return {'longest': max(words, key=len)}\n")
_INPUT = {"words": ["ebb", "flood", "spring", "neap"]}


async def measure(_stack: Stack) -> list[Figure]:
    """The built-in interpreter, which was compiled before, in processes that are new."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        async with _opened(cache) as sandbox:
            begun = time.perf_counter()
            await _call(sandbox)
            compiled = time.perf_counter() - begun
        async with _opened(cache) as sandbox:
            begun = time.perf_counter()
            await _call(sandbox)
            first = time.perf_counter() - begun
            alone = [await _timed(sandbox) for _ in range(_CALLS)]
            scopes = [TenantScope(uuid4()) for _ in range(_TENANTS)]
            begun = time.perf_counter()
            together = await asyncio.gather(
                *(_timed(sandbox, scopes[number % _TENANTS]) for number in range(_AT_ONCE))
            )
            all_of_them = time.perf_counter() - begun
    return [
        Figure("sandbox: first call of all, with compiling", compiled, "s"),
        Figure("sandbox: first call after a start", first * 1000, "ms", 1000),
        Figure("sandbox: call, median", median(alone), "ms", 10),
        Figure("sandbox: call, 95th percentile", percentile(alone, 95), "ms"),
        Figure("sandbox: 100 calls of 20 tenants at once, calls a second", _AT_ONCE / all_of_them, "1/s"),
        Figure("sandbox: 100 calls at once, 95th percentile", percentile(together, 95), "ms"),
    ]


@asynccontextmanager
async def _opened(cache: Path) -> AsyncGenerator[PolicySandbox]:
    sandbox = PolicySandbox("wasm", WasmSandbox(cache))
    try:
        yield sandbox
    finally:
        await sandbox.close()


async def _call(sandbox: PolicySandbox, scope: TenantScope | None = None) -> SandboxResult:
    caller = SandboxCaller(scope or TenantScope(uuid4()))
    result = await sandbox.run(caller, _PROGRAM, _INPUT, _LIMITS)
    if result.output != {"longest": "spring"}:
        raise RuntimeError(f"the program ended with {result}")
    return result


async def _timed(sandbox: PolicySandbox, scope: TenantScope | None = None) -> float:
    """Milliseconds of one call, as its caller waits for it."""
    begun = time.perf_counter()
    await _call(sandbox, scope)
    return (time.perf_counter() - begun) * 1000
