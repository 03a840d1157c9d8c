"""What an API process loads and holds while it waits."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import psutil

from bench import flows
from bench.client import Tenant, new_tenant
from bench.figures import Figure
from bench.stack import Stack

_HEAVY = ("crewai", "litellm")
_LIST_MODULES = """
import json, sys
from watchbill.cli.serve import create
create()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
_MIB = 2**20


async def at_start(stack: Stack) -> list[Figure]:
    """Before anybody used it."""
    modules = await asyncio.to_thread(_modules, stack)
    return [
        Figure("crewai or litellm loaded by the API", len(modules & {*_HEAVY}), "modules", 0),
        Figure("API process after its start", _resident(stack), "MB", 150),
    ]


async def in_use(stack: Stack) -> list[Figure]:
    """After a person has signed up, stored flows, run them and read the documents."""
    async with new_tenant(stack) as tenant:
        await tenant.script(text="Fine.")
        await _use(tenant)
    return [Figure("API process after some requests, idle", _resident(stack), "MB", 150)]


async def at_end(stack: Stack) -> list[Figure]:
    """After everything else that was measured."""
    worker = psutil.Process(stack.worker_pid).memory_info().rss / _MIB
    return [
        Figure("API process after the benchmarks, idle", _resident(stack), "MB"),
        Figure("worker process after the benchmarks, idle", worker, "MB"),
    ]


async def _use(tenant: Tenant) -> None:
    await tenant.call("GET", "../openapi.json")
    for path in ("node-types", "llm-providers", "agents", "crews", "flows", "executions", "auth/me"):
        await tenant.call("GET", path)
    flow = await tenant.flow(flows.questions(2))
    await tenant.call("POST", "flows/validate", {"definition": flows.agent()})
    for _ in range(5):
        id_ = await tenant.execute(flow)
        await tenant.finish(id_)
        await tenant.events(id_)
        await tenant.call("GET", f"executions/{id_}")


def _modules(stack: Stack) -> set[str]:
    """Top-level modules that an API process has loaded once its app is made."""
    command = [sys.executable, "-c", _LIST_MODULES]
    done = subprocess.run(command, env=stack.environment, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def _resident(stack: Stack) -> float:
    """Resident set in MiB."""
    return psutil.Process(stack.api_pid).memory_info().rss / _MIB
