"""Puts the built user interface, the migrations, the examples and the OpenAPI document into the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INTERPRETER = "backend/src/watchbill/adapters/sandbox/wasm/guest.wasm"
CONTENT = {
    "backend/alembic": "migrations",
    "examples": "examples",
    "frontend/out": "ui",
    "docs/reference/openapi.json": "reference/openapi.json",
}


class DataHook(BuildHookInterface):
    """An editable install reads these files where they are; a wheel carries them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, or say how the user interface is built when it is not there."""
        if version == "editable":
            return
        if not (Path(self.root) / "frontend/out/index.html").exists():
            raise RuntimeError("The user interface is not built (frontend/out is missing). Run `make build`.")
        if not (Path(self.root) / INTERPRETER).exists():
            raise RuntimeError("The sandbox's interpreter is not built. Run `make build`.")
        build_data["force_include"][INTERPRETER] = "watchbill/adapters/sandbox/wasm/guest.wasm"
        build_data["force_include"].update(
            {source: f"watchbill/_data/{target}" for source, target in CONTENT.items()}
        )
