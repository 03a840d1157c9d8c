"""What stays for as long as the process, set aside from what the garbage collector goes through."""

from __future__ import annotations

import gc

# New objects before a collection, and collections before older ones are gone through too. A request makes
# thousands that live as long as it does; with Python's own 700, 10 and 10 an API with a thousand requests
# under way spent a tenth of its time on going through them.
_THRESHOLDS = (20_000, 20, 20)


def set_aside() -> None:
    """Never look at what is there now again, and less often at what comes. To be called once everything that
    stays is loaded: a full collection that goes through all of CrewAI stops every thread for some tenths of a
    second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
