"""Serves the API with uvicorn, on an address or on a socket that the supervisor opened."""

from __future__ import annotations

import os
import socket
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

from watchbill.cli.heads import LimitedHeads
from watchbill.cli.sockets import QuietSockets
from watchbill.config import Settings
from watchbill.kit.outbound.fair_reading import read_in_parts
from watchbill.kit.outbound.gate import Gate, ignore_proxies_of_the_environment, install
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.process.garbage_collection import set_aside

# Streams of events never end by themselves.
_GRACE_SECONDS = 3
# Longer than clients and proxies keep an idle connection (60 s is usual): whoever closes last is not the one
# whose request gets lost on the way.
_KEEP_ALIVE_SECONDS = 75
_MOST_SAID_BYTES = 16 * 1024
# Seconds, but for TCP_USER_TIMEOUT, which has milliseconds, and a count of probes.
_DEAD = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 120_000}


def serve(settings: Settings, *, host: str | None, port: int | None, fd: int | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    options: dict[str, Any] = {
        "host": host or settings.api_host,
        "port": port or settings.api_port,
        "loop": "watchbill.kit.process.loops:new_event_loop",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # A proxy on the same machine needs no naming.
        "forwarded_allow_ips": ["127.0.0.1", "::1", *settings.trusted_proxies],
        "timeout_graceful_shutdown": _GRACE_SECONDS,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "http": LimitedHeads,
        "ws": QuietSockets,
        "ws_max_size": _MOST_SAID_BYTES,
    }
    if settings.api_reload and fd is None:
        folder = str(Path(__file__).parents[1])
        uvicorn.run("watchbill.cli.serve:create", factory=True, reload=True, reload_dirs=[folder], **options)
        return
    config = uvicorn.Config(create(settings), **options)
    server = uvicorn.Server(config)
    set_aside()
    listener = config.bind_socket() if fd is None else _inherited(fd)
    _give_up_on_the_dead(listener)
    # Connections inherit it.
    read_in_parts(listener)
    server.run(sockets=[listener])


def create(settings: Settings | None = None) -> Any:
    """The ASGI application; without settings, for the reloader, from the environment."""
    settings = settings or Settings()
    own = OwnServices.of(settings.own_addresses, settings.dns_servers)
    ignore_proxies_of_the_environment()
    install(Gate(UrlGuard(settings.private_hosts), own))
    # The assemblies do not import each other; a command finds them by name.
    return import_module("watchbill.api.app").create_app(settings, own)


def _give_up_on_the_dead(listener: socket.socket) -> None:
    """Let the system close connections to machines that are gone, and to clients that read nothing of what is
    sent to them; connections inherit this from the listening socket. Only Linux has all of it."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _DEAD.items():
        if option := getattr(socket, name, None):
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def _inherited(fd: int) -> socket.socket:
    # A copy: uvicorn closes its sockets, and the number belongs to the supervisor's protocol.
    listener = socket.socket(fileno=os.dup(fd))
    listener.setblocking(False)
    return listener
