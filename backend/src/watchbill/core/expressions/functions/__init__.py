"""Everything expressions may call, by name. `registry` says what a function is; each other module is a
library, and their names are those of CEL and of its official extensions where these have one."""

from __future__ import annotations

from watchbill.core.expressions.functions import (
    conversions,
    encodings,
    lists,
    numbers,
    patterns,
    texts,
    times,
)
from watchbill.core.expressions.functions.registry import Env, Function

# Title and functions of each library, in the order of the reference.
LIBRARIES: dict[str, list[Function]] = {
    "Conversions": conversions.LIBRARY,
    "Texts": texts.LIBRARY,
    "Patterns": patterns.LIBRARY,
    "Lists and maps": lists.LIBRARY,
    "Numbers": numbers.LIBRARY,
    "Times": times.LIBRARY,
    "Encodings": encodings.LIBRARY,
}
FUNCTIONS: dict[str, Function] = {
    function.name: function for library in LIBRARIES.values() for function in library
}
NAMESPACES = frozenset(name.partition(".")[0] for name in FUNCTIONS if "." in name)

__all__ = ["FUNCTIONS", "LIBRARIES", "NAMESPACES", "Env", "Function"]
