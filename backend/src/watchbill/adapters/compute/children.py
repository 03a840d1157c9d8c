"""The parent's side: the process that makes children, and each child."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import structlog

from watchbill.adapters.compute import frames
from watchbill.adapters.compute.forking import FORK, KILL, ORDER
from watchbill.core.ports.compute import ComputeBug, ComputeLimit, ComputeLimits, Exceeded

logger = structlog.get_logger(__name__)
# Reading a large answer in small pieces would wake the loop for each.
_BUFFER = 1024 * 1024
# How long the news of a child's end may take after its socket was closed.
_NEWS_SECONDS = 10.0
_NEWS_KEPT = 32
# What a child needs to know of its surroundings: where Python's modules are, and nothing secret.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "TZ", "TMPDIR")


Told = Callable[[str], None]


def _to_nobody(_text: str) -> None:
    """For jobs that tell nothing."""


class ChildEnded(Exception):
    """A child ended before it answered. `status` is its exit code, or a signal's number below zero; None when
    that is not known, because all of them ended."""

    def __init__(self, status: int | None):
        super().__init__(f"The child ended with {status}.")
        self.status = status


class Child:
    """One child process, which does one job at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, forks: Forks, limits: ComputeLimits
    ):
        self._reader, self._writer, self._forks, self._limits = reader, writer, forks, limits
        self._maker = forks.pid
        self.pid = 0
        self.usable = True

    async def greet(self) -> None:
        """Tell it its limits, and learn its number.

        Raises:
            ChildEnded: it is gone already, or whoever should make it hangs.
        """
        limits = self._limits
        said = {
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            "answer_bytes": limits.answer_bytes,
        }
        try:
            self._writer.writelines(frames.packed(orjson.dumps(said)))
            async with asyncio.timeout(self._forks.patience):
                self.pid = orjson.loads(await frames.read(self._reader))["pid"]
        except TimeoutError as error:
            self.end()
            self._forks.give_up(self._maker)
            raise ChildEnded(None) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            self.end()
            raise ChildEnded(None) from error
        except BaseException:
            self.end()
            raise

    @property
    def orphaned(self) -> bool:
        """Whether the process that made it is gone: it went with it."""
        return self._maker is None or self._maker != self._forks.pid

    async def ask(
        self, job: str, argument: bytes, *, seconds: float | None = None, told: Told = _to_nobody
    ) -> Any:
        """Let it do a job. If anything but an answer comes of it, the child is killed and cannot be used
        again.

        Args:
            seconds: what it may take, instead of the limit for all jobs.
            told: hears what the job tells meanwhile.

        Raises:
            ComputeLimit, ComputeBug: what came of the job.
            ChildEnded: it ended meanwhile.
        """
        try:
            async with asyncio.timeout(seconds or self._limits.wall_seconds):
                self._writer.writelines(frames.packed(job.encode(), b"\n", argument))
                await self._writer.drain()
                while (answer := await frames.read(self._reader)).startswith(frames.TOLD):
                    told(answer[1:].decode())
        except TimeoutError as error:
            self.end()
            raise ComputeLimit("time") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            status = await self._forks.ending(self.pid, self._maker)
            self.end()
            raise ChildEnded(status) from error
        except BaseException:
            self.end()
            raise
        if answer.startswith(frames.LAST):
            self.end()
            answer = answer[1:]
        return _given(answer)

    def end(self) -> None:
        """Kill it, whatever it does."""
        if self.usable:
            self.usable = False
            self._writer.close()
            if self.pid:
                self._forks.kill(self.pid)
                self._forks.forget(self.pid)


def _given(answer: bytes) -> Any:
    kind, rest = answer[:1], memoryview(answer)[1:]
    if kind == frames.GIVEN:
        return orjson.loads(rest)
    if kind == frames.BUG:
        raise ComputeBug(bytes(rest).decode())
    what: Any = bytes(rest).decode()
    raise ComputeLimit(what)


def limit_of(status: int | None) -> Exceeded | None:
    """The limit that ended a child with this status; None when it was something else."""
    return "time" if status == -signal.SIGPROF else None


class Forks:
    """The process that makes children. It is started for the first of them, and again when it died, or when a
    new child says nothing for `patience` seconds."""

    def __init__(self, registry: str, limits: ComputeLimits, patience: float, preparation: str = ""):
        self._registry, self._preparation = registry, preparation
        self._limits = limits
        self.patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._news: asyncio.Task[None] | None = None
        self._endings: dict[int, asyncio.Future[int | None]] = {}
        self._starting = asyncio.Lock()
        # Those that listen to processes which were given up.
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The number of the process, while there is one."""
        return self._process.pid if self._process else None

    async def child(self) -> Child:
        """A new child.

        Raises:
            ChildEnded: it ended at once.
            OSError: no process can be started.
        """
        async with self._starting:
            if self._process is None:
                # Whoever is cancelled meanwhile must not leave half a process behind.
                start = asyncio.create_task(self._start(), name="compute starts")
                try:
                    await asyncio.shield(start)
                except asyncio.CancelledError:
                    await start
                    raise
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._order(FORK, 0, theirs.fileno())
            reader, writer = await asyncio.open_connection(sock=ours, limit=_BUFFER)
        except BaseException:
            ours.close()
            raise
        child = Child(reader, writer, self, self._limits)
        await child.greet()
        self._ending(child.pid)
        return child

    def kill(self, pid: int) -> None:
        """Kill a child, if it is still one."""
        with suppress(OSError, ChildEnded):
            self._order(KILL, pid)

    async def ending(self, pid: int, maker: int | None) -> int | None:
        """How a child ended whose socket is closed, if the process that made it still tells."""
        if maker is None or maker != self.pid:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(_NEWS_SECONDS):
                return await asyncio.shield(self._ending(pid))
        return None

    def give_up(self, pid: int | None) -> None:
        """Kill the process of this number, which hangs: its children end with it, and the next one that is
        needed starts another."""
        if self._process is not None and self._process.pid == pid:
            logger.error("compute_process_hangs", seconds=self.patience)
            with suppress(ProcessLookupError):
                self._process.kill()
            # Nobody shall wait for a child of it until its end is told.
            if self._news is not None:
                self._leaving.add(self._news)
                self._news.add_done_callback(self._leaving.discard)
            self._forget()

    def forget(self, pid: int) -> None:
        """Nobody will ask how this child ended."""
        self._endings.pop(pid, None)

    async def close(self) -> None:
        """End it with all its children, and wait until it is gone."""
        process, news = self._process, self._news
        self._forget()
        if process is not None:
            await process.wait()
        await asyncio.gather(*self._leaving, *([news] if news else ()))

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "watchbill.adapters.compute.forking",
                str(theirs.fileno()),
                self._registry,
                self._preparation,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._orders = ours
        self._news = asyncio.create_task(self._listen(self._process), name="compute children")

    def _order(self, what: bytes, pid: int, *descriptors: int) -> None:
        if self._orders is None:
            raise ChildEnded(None)
        socket.send_fds(self._orders, [ORDER.pack(what, pid)], list(descriptors))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Note how children end; when the process itself does, nobody need wait for news any more."""
        if process.stdout is None:
            raise AssertionError("the process tells of its children on its output")
        while line := await process.stdout.readline():
            pid, _, status = line.partition(b" ")
            # The news of a child's end may come before it was greeted.
            if not (future := self._ending(int(pid))).done():
                future.set_result(int(status))
            self._drop_old()
        code = await process.wait()
        if self._process is process:
            logger.warning("compute_process_died", code=code)
            self._forget()

    def _ending(self, pid: int) -> asyncio.Future[int | None]:
        if pid not in self._endings:
            self._endings[pid] = asyncio.get_running_loop().create_future()
        return self._endings[pid]

    def _drop_old(self) -> None:
        """Drop news that nobody asked for: of children that were killed, which nobody waits for."""
        told = [pid for pid, future in self._endings.items() if future.done()]
        for pid in told[:-_NEWS_KEPT]:
            del self._endings[pid]

    def _forget(self) -> None:
        if self._orders is not None:
            self._orders.close()
        self._process = self._orders = self._news = None
        endings, self._endings = self._endings, {}
        for future in endings.values():
            if not future.done():
                future.set_result(None)
