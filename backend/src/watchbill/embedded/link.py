"""The supervisor's end of the guard: tells it which processes there are, and replaces it when it dies."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

from watchbill.embedded.child import Tell, clean_environment


class GuardLink:
    """One guard process. `descriptor` is the data directory's lock, which the guard holds with us."""

    def __init__(self, descriptor: int, tell: Tell):
        self._descriptor = descriptor
        self._tell = tell
        self._known: dict[int, dict[str, Any]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the guard, and keep one running until `finish`."""
        await self._spawn()
        self._watcher = asyncio.create_task(self._replace())

    def watch(self, pid: int, **about: Any) -> None:
        """Tell the guard of a process: its `stage`, the `signal` that ends it, and whether it leads a
        `group`; or, with `ended`, that it is gone."""
        said = {"pid": pid, **about}
        if said.get("ended"):
            self._known.pop(pid, None)
        else:
            self._known[pid] = said
        self._say(said)

    async def finish(self) -> None:
        """Let the guard stop everything, and wait until it has."""
        if self._watcher is None:
            return
        self._watcher.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            process = await self._spawn()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    def hurry(self) -> None:
        """Let the guard kill what does not stop by itself."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "watchbill.embedded.guard",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=clean_environment(),
            pass_fds=[self._descriptor],
            start_new_session=True,
        )
        for said in self._known.values():
            self._say(said)
        return self._process

    async def _replace(self) -> None:
        while self._process is not None:
            await self._process.wait()
            self._tell("The process that clears up after a crash had ended; starting it again.")
            await self._spawn()

    def _say(self, said: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
