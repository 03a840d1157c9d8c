"""A free port for a process that cannot be handed a socket and has to be told a number."""

from __future__ import annotations

import secrets
import socket

# Below those that systems give to whoever asks for any: a connection or another server cannot be given one of
# these between the moment it is chosen and the moment its process listens.
_PORTS = range(20_000, 32_768)
_TRIES = 1_000
_given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has, and that this process gives out once.

    Raises:
        OSError: a thousand ports were tried, and somebody had each.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_PORTS)
        if port not in _given and _is_free(host, port):
            _given.add(port)
            return port
    raise OSError(f"No free port was found on {host} between {_PORTS.start} and {_PORTS.stop - 1}.")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True
