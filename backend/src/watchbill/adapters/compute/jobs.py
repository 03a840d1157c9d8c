"""Every job, one line each: its name, and the pure function that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchbill.engine import answers

JOBS: Mapping[str, Callable[[Any], Any]] = {
    answers.PARSE_JOB: answers.parse,
}
