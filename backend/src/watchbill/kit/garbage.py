"""What stays for as long as the process, set aside from what the garbage collector goes through."""

from __future__ import annotations

import gc


def set_aside() -> None:
    """Never look at what is there now again. To be called once everything that stays is loaded: a full
    collection that goes through all of CrewAI stops every thread for some tenths of a second."""
    gc.collect()
    gc.freeze()
