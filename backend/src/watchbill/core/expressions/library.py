"""The CEL library, imported without its command line."""

from __future__ import annotations

import sys
from types import ModuleType

# The package imports its command line, and with it prompt_toolkit, rich and pygments: 7 MB in every process.
# While it is imported an empty module stands in that place.
_COMMAND_LINE = "cel.cli"
_absent = _COMMAND_LINE not in sys.modules
if _absent:
    sys.modules[_COMMAND_LINE] = ModuleType(_COMMAND_LINE)

import cel  # noqa: E402
from cel.stdlib import EXTENSIONS  # noqa: E402

if _absent:
    del sys.modules[_COMMAND_LINE]

__all__ = ["EXTENSIONS", "cel"]
