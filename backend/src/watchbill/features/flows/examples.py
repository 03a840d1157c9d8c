"""The example flows that come with Watchbill."""

from __future__ import annotations

from functools import lru_cache

import yaml

from watchbill.features.flows.schemas import Example
from watchbill.kit.resources import data_dir


@lru_cache(maxsize=1)
def load() -> list[Example]:
    """Every example, by name. They are part of the release, so they are read once."""
    folder = data_dir("examples")
    files = sorted(folder.glob("*.yaml")) if folder else []
    return [Example.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in files]
