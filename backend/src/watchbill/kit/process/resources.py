"""Files that come with Watchbill: inside the wheel, or in the checkout during development."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import watchbill

_PACKAGE = Path(watchbill.__file__).resolve().parent
_CHECKOUT = {
    "migrations": "backend/alembic",
    "ui": "frontend/out",
    "examples": "examples",
    "reference": "docs/reference",
}


def data_dir(name: Literal["migrations", "ui", "examples", "reference"]) -> Path | None:
    """The folder of that name, or None when it is not there (a checkout whose UI was never built)."""
    root = _PACKAGE.parents[2]
    for folder in (_PACKAGE / "_data" / name, root / _CHECKOUT[name]):
        if folder.is_dir():
            return folder
    return None
