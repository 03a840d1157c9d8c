"""WebSockets as uvicorn speaks them, with a limit on what clients say: it answers each ping, also of somebody
who does not read the answers, and gathers the parts of a message without an end."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# Bytes, the head of the request included. Nobody tells us anything: what keeps a connection alive, and the
# answers to what we do for that, have some ten bytes each.
MOST_SAID = 128 * 1024
# So many are forgotten in each second.
_A_SECOND = 1024


class QuietSockets(WebSocketsSansIOProtocol):
    """Cuts a connection whose client says more than MOST_SAID, and goes on to do so."""

    _said = 0.0
    _since = 0.0

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        self._said = max(0.0, self._said - (now - self._since) * _A_SECOND) + len(data)
        self._since = now
        if self._said > MOST_SAID:
            # To say why would only be added to what is not read.
            self.transport.abort()
            return
        super().data_received(data)
