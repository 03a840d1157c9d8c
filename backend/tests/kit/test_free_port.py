"""Free ports are nobody's, and nobody gets them by accident."""

from __future__ import annotations

import socket

import pytest

from watchbill.kit.process import free_port as module
from watchbill.kit.process.free_port import free_port


def test_ports_can_be_had_and_are_given_once() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    for port in ports:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_no_port_is_one_that_the_system_gives_away() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        assert free_port() < other.getsockname()[1]


def test_a_taken_port_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "_PORTS", range(port, port + 1))
        with pytest.raises(OSError, match="No free port"):
            free_port()
