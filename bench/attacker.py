"""The tenant that attacks in `bench.neighbour`, in a process of its own: what its client takes must not be
counted as what the platform lets its neighbour feel."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection

from bench.attacks import ATTACKS, Blow
from bench.client import Refused, Tenant, new_tenant
from bench.stack import Stack

# Who attacks when it is to stop gets so long to see how that ends.
_END_SECONDS = 15.0


class Attacker:
    """The other process; one command at a time."""

    def __init__(self, pipe: Connection):
        self._pipe = pipe

    async def prepare(self, attack: int) -> None:
        """Store what the attack with this number needs."""
        await self._ask("prepare", attack)

    async def begin(self) -> None:
        """Attack, again and again."""
        await self._ask("begin")

    async def end(self) -> set[str]:
        """Stop, and wait until nothing of it is left; returns how the attacks ended."""
        return await self._ask("end")

    async def _ask(self, *command: object) -> set[str]:
        self._pipe.send(command)
        answer = await asyncio.to_thread(self._pipe.recv)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@asynccontextmanager
async def attacking(stack: Stack) -> AsyncIterator[Attacker]:
    """Start the process, and end it with the block."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(stack, there), daemon=True)
    process.start()
    there.close()
    try:
        yield Attacker(here)
    finally:
        here.close()
        process.terminate()
        process.join()


def _serve(stack: Stack, pipe: Connection) -> None:
    # Whoever attacks has a machine of one's own; here it must not take the platform's processors.
    os.nice(10)
    with suppress(EOFError):
        asyncio.run(_obey(stack, pipe))


async def _obey(stack: Stack, pipe: Connection) -> None:
    async with new_tenant(stack) as tenant:
        onslaught: _Onslaught | None = None
        while True:
            command, *words = await asyncio.to_thread(pipe.recv)
            ends: set[str] = set()
            try:
                if command == "prepare":
                    attack = ATTACKS[words[0]]
                    onslaught = _Onslaught(tenant, await attack.prepare(tenant, stack), attack.at_once)
                elif onslaught is not None and command == "begin":
                    onslaught.begin()
                elif onslaught is not None:
                    ends = await onslaught.end()
            except Exception as error:  # noqa: BLE001  # whoever asked hears of it
                pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
            else:
                pipe.send(ends)


class _Onslaught:
    def __init__(self, tenant: Tenant, blow: Blow, at_once: int):
        self._tenant = tenant
        self._blow = blow
        self._at_once = at_once
        self._stop = asyncio.Event()
        self._ends: set[str] = set()
        self._going: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._stop.clear()
        self._ends = set()
        self._going = [asyncio.create_task(self._again()) for _ in range(self._at_once)]

    async def end(self) -> set[str]:
        self._stop.set()
        _, late = await asyncio.wait(self._going, timeout=_END_SECONDS)
        for one in late:
            one.cancel()
        for found in await asyncio.gather(*self._going, return_exceptions=True):
            if isinstance(found, Exception):
                raise found
        # What is measured next is calm only when the attack is over.
        await _cancel_all(self._tenant)
        return self._ends

    async def _again(self) -> None:
        while not self._stop.is_set():
            self._ends.add(await self._blow())


async def _cancel_all(tenant: Tenant) -> None:
    """Nobody waits for these executions any more, but they would go on beside the next calm samples."""
    while True:
        pages = [await tenant.call("GET", f"executions?status={s}&limit=100") for s in ("pending", "running")]
        going = [execution["id"] for page in pages for execution in page["items"]]
        if not going:
            return
        for id_ in going:
            # It may have ended meanwhile.
            with suppress(Refused):
                await tenant.call("POST", f"executions/{id_}/cancel")
        await asyncio.sleep(0.1)
