"""`python -m watchbill.api.openapi` prints the OpenAPI document; no service needs to run."""

from __future__ import annotations

import json
import sys

from watchbill.api.app import create_app
from watchbill.config import Settings


def document() -> str:
    """The document as JSON text, the same for the same code."""
    return json.dumps(create_app(Settings(env="test")).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
