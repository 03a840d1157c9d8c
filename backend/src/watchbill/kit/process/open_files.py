"""How many files and sockets a process may have open."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource

# Every execution that waits for a call has a socket, and every watcher one.
_ENOUGH = 65_536


def allow_open_files() -> int | None:
    """Raise the soft limit, which is 1,024 on most systems, as far as the hard one lets us; processes
    that are started later inherit it. Returns the limit now, None where there is no such limit."""
    if sys.platform == "win32":
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
