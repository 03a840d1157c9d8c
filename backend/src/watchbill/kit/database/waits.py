"""Nothing outside is awaited while a database connection is held: who holds one is known, and refused.

A connection that waits for somebody else's server is one that nobody else can use. Twenty of them, and the
whole installation stands still. So a transaction is a `Hold`, and whatever leads outside says so first: an
HTTP call, a look-up of a name, a mail, a question to a worker, a document, a password's hash, another
transaction.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


class AwaitedWhileHeld(RuntimeError):
    """Something outside is awaited while a database connection is held. This is a mistake in the code: end
    the transaction first, or wait inside of `Work.outside`."""

    def __init__(self, awaited: str, held: str):
        super().__init__(f"{awaited} may not be awaited inside of {held}; use Work.outside.")


@dataclass(slots=True)
class Hold:
    """That a task holds something scarce, for as long as it is `open`. Tasks that were begun meanwhile hold
    it too: whoever holds it may be waiting for them."""

    what: str
    open: bool = True


_holds: ContextVar[tuple[Hold, ...]] = ContextVar("holds", default=())


def hold(what: str) -> Hold:
    """Say that this task holds something from now on, until the hold is closed."""
    begun = Hold(what)
    _holds.set((*(one for one in _holds.get() if one.open), begun))
    return begun


def about_to_await(what: str) -> None:
    """Say that something outside is about to be awaited.

    Raises:
        AwaitedWhileHeld: this task holds a connection.
    """
    for one in _holds.get():
        if one.open:
            raise AwaitedWhileHeld(what, one.what)
