"""Everything `watchbill up` runs: embedded servers, the demo model, the API and a worker."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from watchbill.config import Settings
from watchbill.embedded import listening
from watchbill.embedded.child import Child, Tell, clean_environment
from watchbill.embedded.errors import CannotStart
from watchbill.embedded.folder import DataFolder
from watchbill.embedded.link import GuardLink
from watchbill.embedded.logfile import LogFile
from watchbill.embedded.servers import Server, ServerFailed, start_postgres, start_valkey
from watchbill.embedded.watch import replace_the_stuck
from watchbill.kit.process.supervision import end

_READY_SECONDS = 90
_SERVER_CHECK_SECONDS = 1.0
_SERVERS_STAGE, _DEMO_STAGE, _ASSEMBLIES_STAGE = 0, 1, 2
_COMMAND = ("-m", "watchbill.cli")
_DEMO_ANNOUNCEMENT = "LLM server on "
_WORKER_ANNOUNCEMENT = "worker_ready"


class Stack:
    """One running Watchbill on one data directory.

    Args:
        settings: what is set; what is not set is embedded, or kept in the data directory.
        host, port: where it listens; port 0 picks a free one.
        tell: says a line to the person at the terminal.
    """

    def __init__(self, settings: Settings, *, host: str, port: int, tell: Tell):
        self._settings = settings
        self._host, self._port = host, port
        self._tell = tell
        self.folder = DataFolder(settings.data_dir)
        self.url = ""
        self.first_start = False
        self._descriptor: int | None = None
        self._guard: GuardLink | None = None
        self._socket: socket.socket | None = None
        # Where the worker says how it is.
        self._health: socket.socket | None = None
        self._environment = clean_environment()
        self._servers: dict[str, tuple[Server, Callable[[Path], Server], Path]] = {}
        self._starting: list[asyncio.Task[str]] = []
        self._children: list[Child] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def reserve(self) -> tuple[int, socket.socket]:
        """Take the data directory and the port, which is where most starts fail, before anything is started.
        Returns the descriptor of the lock and the socket; the second time, the same.

        Raises:
            CannotStart: somebody else has one of them, or it cannot be used.
        """
        if self._descriptor is None:
            self._descriptor = self.folder.lock()
        if self._socket is None:
            self._socket = listening.listen(self._host, self._port)
            self.url = listening.url(self._socket)
        return self._descriptor, self._socket

    async def start(self) -> None:
        """Start everything and wait until it is ready; whatever happens, `stop` must be called.

        Raises:
            CannotStart: something stands in the way; the message says what.
        """
        descriptor, listener = self.reserve()
        secrets, self.first_start = self.folder.secrets()
        self._guard = GuardLink(descriptor, self._tell)
        await self._guard.start()
        self._prepare_environment(secrets)
        await self._start_servers()
        fd = listener.fileno()
        api = self._assembly("API", "api", "--migrate", "--fd", str(fd))
        api.descriptors = [fd]
        self._health = listening.listen("127.0.0.1", 0)
        health = self._health.fileno()
        worker = self._assembly("worker", "worker", "--wait", "--health-fd", str(health))
        worker.descriptors = [health]
        worker_ready = asyncio.Event()
        worker.on_line = lambda line: worker_ready.set() if _WORKER_ANNOUNCEMENT in line else None
        self._run(api, worker)
        await self._until(asyncio.gather(worker_ready.wait(), listening.answers_ready(listener)), api, worker)
        for child in self._children:
            child.settled = True
        self._tasks["servers"] = asyncio.create_task(self._watch_servers())
        watched = {"api": (api, listener), "worker": (worker, self._health)}
        self._tasks["health"] = asyncio.create_task(replace_the_stuck(watched, self._tell))
        self.folder.announce(descriptor, self.url)

    async def stop(self) -> None:
        """Stop everything in order, and return when no process is left."""
        for child in self._children:
            child.stopping = True
        for name in ("servers", "health"):
            if watching := self._tasks.pop(name, None):
                watching.cancel()
        # A server that is just starting must be known to the guard, or it would be forgotten.
        await asyncio.gather(*self._starting, return_exceptions=True)
        if self._guard is not None:
            await self._guard.finish()
        if self._tasks:
            # What they said last belongs into the logs; one that waits for its next try has nothing to say.
            await asyncio.wait(self._tasks.values(), timeout=0.3)
        await end(self._tasks.values())
        for child in self._children:
            child.log.close()
        for listener in (self._socket, self._health):
            if listener is not None:
                listener.close()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def hurry(self) -> None:
        """Do not wait for anybody while stopping."""
        if self._guard is not None:
            self._guard.hurry()

    def _prepare_environment(self, secrets: dict[str, str]) -> None:
        given = self._settings.model_fields_set
        kept = {name: secrets[name] for name in ("jwt_secret", "encryption_keys") if name not in given}
        # Mails link to where we listen.
        address = urlsplit(self.url)
        listening = {"api_host": address.hostname or self._host, "api_port": str(address.port or self._port)}
        self._set(**kept, **listening, data_dir=str(self.folder.path), log_format="json")

    def _set(self, **values: str) -> None:
        self._environment |= {f"WATCHBILL_{name.upper()}": value for name, value in values.items()}

    async def _start_servers(self) -> None:
        if self._settings.database_url is None:
            self._starting.append(self._server("database_url", start_postgres, self.folder.postgres))
        if self._settings.redis_url is None:
            self._starting.append(self._server("redis_url", start_valkey, self.folder.valkey))
        if self._settings.demo_llm_url is None:
            self._tasks["demo"] = asyncio.create_task(self._start_demo())
        try:
            await asyncio.gather(*self._starting)
        except (ServerFailed, OSError) as error:
            raise CannotStart(str(error)) from error
        if demo := self._tasks.get("demo"):
            await demo

    def _server(self, name: str, start: Callable[[Path], Server], folder: Path) -> asyncio.Task[str]:
        async def begin() -> str:
            server = await asyncio.to_thread(start, folder)
            self._servers[name] = (server, start, folder)
            if self._guard is not None:
                self._guard.watch(server.pid, stage=_SERVERS_STAGE, signal=signal.SIGINT, group=False)
            self._set(**{name: server.url})
            return server.url

        return asyncio.create_task(begin())

    async def _watch_servers(self) -> None:
        """Start an embedded server again that has died; it comes back under the same URL."""
        while True:
            await asyncio.sleep(_SERVER_CHECK_SECONDS)
            for name, (server, start, folder) in list(self._servers.items()):
                if server.running:
                    continue
                self._tell(f"The server in {folder} has died; starting it again.")
                task = self._server(name, start, folder)
                self._starting.append(task)
                try:
                    await task
                except (ServerFailed, OSError) as error:
                    self._tell(str(error))

    async def _start_demo(self) -> None:
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        module = ("-m", "watchbill.testing.llm_server", "--no-script", "--port")
        demo = self._child("demo model", "demo-model", (*module, "0"), _DEMO_STAGE)

        def read(line: str) -> None:
            if line.startswith(_DEMO_ANNOUNCEMENT) and not found.done():
                found.set_result(line.removeprefix(_DEMO_ANNOUNCEMENT))

        demo.on_line = read
        self._run(demo)
        await self._until(found, demo)
        url = found.result()
        # Started again, it must be where the worker looks for it.
        demo.arguments = (*module, url.rsplit(":", 1)[1].split("/")[0])
        self._set(demo_llm_url=url)

    def _assembly(self, name: str, *arguments: str) -> Child:
        return self._child(name, arguments[0], (*_COMMAND, *arguments), _ASSEMBLIES_STAGE)

    def _child(self, name: str, log: str, arguments: tuple[str, ...], stage: int) -> Child:
        if self._guard is None:
            raise AssertionError("processes are started under the guard's eyes only")
        try:
            file = LogFile(self.folder.logs / f"{log}.log")
        except OSError as error:
            raise CannotStart(f"{self.folder.logs} cannot be written: {error.strerror}.") from error
        child = Child(name, arguments, dict(self._environment), file, self._guard.watch, self._tell, stage)
        self._children.append(child)
        return child

    def _run(self, *children: Child) -> None:
        for child in children:
            self._tasks[child.name] = asyncio.create_task(child.keep_running())

    async def _until(self, ready: Awaitable[object], *children: Child) -> None:
        """Wait for something that these children bring about, and no longer than they live."""
        waiting = asyncio.ensure_future(ready)
        lives = {self._tasks[child.name]: child for child in children}
        try:
            done, _ = await asyncio.wait(
                {waiting, *lives}, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            for life, child in lives.items():
                if life in done:
                    raise _failed(child)
            if waiting not in done:
                names = " and ".join(f"the {child.name}" for child in children)
                raise CannotStart(
                    f"After {_READY_SECONDS} s {names} cannot be reached. Logs: {self.folder.logs}"
                )
            waiting.result()
        finally:
            waiting.cancel()


def _failed(child: Child) -> CannotStart:
    return CannotStart(
        f"The {child.name} did not start. Its log, {child.log.path}, ends with:\n{child.log.tail}"
    )
