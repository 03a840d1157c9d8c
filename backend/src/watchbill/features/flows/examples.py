"""The example flows that come with Watchbill."""

from __future__ import annotations

from functools import lru_cache

import yaml

from watchbill.features.flows.schemas import Example
from watchbill.kit.process.resources import data_dir


@lru_cache
def examples() -> tuple[Example, ...]:
    """Every example, by title."""
    folder = data_dir("examples")
    files = sorted(folder.glob("*.yaml")) if folder else []
    found = [Example.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return tuple(sorted(found, key=lambda example: example.title))
