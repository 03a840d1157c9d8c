"""Reads the files that commands are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml


class NotRunnable(RuntimeError):
    """The file or the inputs cannot be run. `lines` say why, one sentence each."""

    def __init__(self, lines: Sequence[str]):
        super().__init__("\n".join(lines))
        self.lines = list(lines)


def read_object(file: Path) -> dict[str, Any]:
    """The fields of a YAML or JSON file.

    Raises:
        NotRunnable: it cannot be read, or has no fields.
    """
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise NotRunnable([f"{file} cannot be read: {error.strerror}."]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise NotRunnable([f"{file} is not valid YAML or JSON: {' '.join(str(error).split())}"]) from error
    if not isinstance(content, dict):
        raise NotRunnable([f"{file} must contain an object with named fields."])
    return content
