"""The process that makes children: it has loaded what jobs need, has one thread, and does nothing else.

It reads orders of five bytes from a socket: an `F` comes with the socket of a new child, a `K` with the
number of a child that is to be killed. On its output it tells, a line each, which child ended and how: a
number below zero is a signal's. When the orders end, because whoever gave them has died perhaps, it kills its
children and ends.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib import import_module

from watchbill.adapters.compute.serving import Jobs, serve

ORDER = struct.Struct(">cI")
FORK, KILL = b"F", b"K"
_NICENESS = 10


def main(descriptor: int, registry: str, preparation: str = "") -> None:
    """Obey orders until they end. `registry` is the module whose JOBS the children can do; with a
    `preparation` its `prepare` is called with it first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    module = import_module(registry)
    jobs: Jobs = module.JOBS
    if preparation:
        module.prepare(preparation)
    # Others are to be served first.
    os.nice(_NICENESS)
    # What is loaded is shared with all children, as long as nobody writes to it.
    gc.collect()
    gc.freeze()
    _obey(socket.socket(fileno=descriptor), jobs)


def _obey(orders: socket.socket, jobs: Jobs) -> None:
    children: set[int] = set()
    with selectors.DefaultSelector() as selector:
        ends, wakes = os.pipe()
        for end in (ends, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        selector.register(orders, selectors.EVENT_READ)
        selector.register(ends, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == ends:
                    os.read(ends, 4096)
                    _reap(children)
                elif not _order(orders, jobs, children):
                    for pid in children:
                        os.kill(pid, signal.SIGKILL)
                    return


def _order(orders: socket.socket, jobs: Jobs, children: set[int]) -> bool:
    """Obey one order; returns whether there was one."""
    order, descriptors, _, _ = socket.recv_fds(orders, ORDER.size, 1)
    if len(order) < ORDER.size:
        return False
    what, pid = ORDER.unpack(order)
    if what == KILL and pid in children:
        os.kill(pid, signal.SIGKILL)
    elif what == FORK:
        children.add(_fork(descriptors[0], orders, jobs))
    return True


def _fork(descriptor: int, orders: socket.socket, jobs: Jobs) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(descriptor)
        return pid
    # From here on this is the child; it must never return into the loop above.
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        orders.close()
        os.dup2(2, 1)
        serve(socket.socket(fileno=descriptor), jobs, parent)
    except OSError:
        pass  # Whoever asked is gone.
    finally:
        os._exit(0)


def _reap(children: set[int]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            children.discard(pid)
            os.write(1, f"{pid} {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
