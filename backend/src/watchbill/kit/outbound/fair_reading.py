"""Reading from connections in parts that others hardly notice.

The event loop takes all that has arrived at a connection before it turns to the next one: up to eight
megabytes at once, as libuv reads. What a parser throws away, such as the extensions of chunks, comes without
end and is counted by nobody.
"""

from __future__ import annotations

import socket

# Less than what is read at a time (256,000 bytes), so that one reading empties it; the system takes twice as
# much for its own accounts.
_BYTES = 128 * 1024


def read_in_parts(connection: socket.socket) -> None:
    """Let no more than this arrive unread. Before it listens or connects, for the window to fit."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BYTES)
