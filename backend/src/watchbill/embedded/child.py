"""A child process of the supervisor: its output goes to a log file, and when it dies it is started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.embedded.logfile import LogFile

Tell = Callable[[str], None]

_CHUNK = 64 * 1024
_LONGEST_WAIT = 30.0
# Whoever lived this long had a good start; its next death is not part of a crash loop.
_HEALTHY_SECONDS = 60.0
_QUIET_SECONDS = 30.0


@dataclass(slots=True)
class Child:
    """A Python program of ours, run as a process of its own.

    Args:
        name: what people call it; also names its log file.
        arguments: what follows `python`.
        environment: all of its environment.
        watch: registers and deregisters its process with the guard.
        stage: when it is stopped; higher ones go first.
        descriptors: file descriptors it inherits.
        tell: says a line to the person at the terminal.
        on_line: is given every line of output.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: LogFile
    watch: Callable[..., None]
    tell: Tell
    stage: int = 2
    descriptors: Sequence[int] = ()
    on_line: Callable[[str], None] = lambda _line: None
    settled: bool = False
    stopping: bool = False
    started_at: float = 0.0
    _process: asyncio.subprocess.Process | None = None
    _told: dict[str, float] = field(default_factory=dict[str, float])

    async def run(self) -> int:
        """Start it and write its log until it ends; returns the exit code."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.environment),
            pass_fds=self.descriptors,
            start_new_session=True,
        )
        self._process, self.started_at = process, time.monotonic()
        self.watch(process.pid, stage=self.stage, signal=signal.SIGTERM, group=True)
        if process.stdout is not None:
            async for line in _lines(process.stdout):
                self._take(line)
        code = await process.wait()
        # Whatever it had started goes with it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self.watch(process.pid, ended=True)
        return code

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.returncode is None

    def kill(self) -> None:
        """End its process at once; a frozen one ends too."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def keep_running(self) -> None:
        """Run it until `stopping` is set; after a death start it again, waiting 1, 2, 4 ... 30 seconds.

        Before it is `settled`, its end is a failed start and nothing is tried again.
        """
        wait = 1.0
        while True:
            started = time.monotonic()
            code = await self.run()
            if self.stopping or not self.settled:
                return
            if time.monotonic() - started > _HEALTHY_SECONDS:
                wait = 1.0
            why = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
            self.tell(f"The {self.name} {why}; starting it again in {wait:.0f} s. Log: {self.log.path}")
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def _take(self, line: bytes) -> None:
        self.log.write(line)
        text = line.decode(errors="replace").strip()
        self.on_line(text)
        if not text.startswith("{"):
            return
        try:
            said = json.loads(text)
        except ValueError:
            return
        if isinstance(said, dict):
            self._surface(cast("dict[str, Any]", said))

    def _surface(self, said: dict[str, Any]) -> None:
        """Show an error, but the same one at most every half minute: the log has them all."""
        if said.get("level") not in ("error", "critical"):
            return
        event = str(said.get("event", "error"))[:300]
        now = time.monotonic()
        if now - self._told.get(event, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[event] = now
            self.tell(f"The {self.name} reports an error: {event}. Log: {self.log.path}")


async def _lines(stream: asyncio.StreamReader) -> AsyncGenerator[bytes]:
    """Lines with their ends; one without an end for long is cut, since a log must not fill the memory."""
    rest = b""
    while chunk := await stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > _CHUNK:
            yield rest + b"\n"
            rest = b""
    if rest:
        yield rest + b"\n"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def clean_environment() -> dict[str, str]:
    """The environment for children: ours, without the name that would move CrewAI's locks into Redis."""
    return {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
