"""Jobs that behave as badly as any could; the pool's tests let children do them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchbill.core.computing_budget import Budget


def _forever(_: Any) -> Any:
    while True:
        pass


def _silent(_: Any) -> Any:
    signal.pause()


def _fill(_: Any) -> Any:
    kept: list[bytearray] = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def _spend(steps: Any) -> Any:
    Budget(steps=10, size=10).spend(steps)


def _grow(megabytes: Any) -> Any:
    # Small objects are not given back.
    _GROWN.append([str(number) for number in range(megabytes * 15_000)])
    return os.getpid()


def _die(number: Any) -> Any:
    os.kill(os.getpid(), number)


def _die_once(path: Any) -> Any:
    marker = Path(path)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done the second time"


def _look(_: Any) -> Any:
    return {"pid": os.getpid(), "nice": os.nice(0), "environment": dict(os.environ)}


def _fail(_: Any) -> Any:
    raise LookupError("a mistake of ours")


def _stay(path: Any) -> Any:
    """Say that it has begun, and go on until it may end."""
    Path(path).write_text(str(os.getpid()))
    while Path(path).exists():
        time.sleep(0.002)
    return os.getpid()


_GROWN: list[list[str]] = []
JOBS: Mapping[str, Callable[[Any], Any]] = {
    "same": lambda value: value,
    "long": lambda size: "x" * size,
    "forever": _forever,
    "silent": _silent,
    "fill": _fill,
    "spend": _spend,
    "grow": _grow,
    "die": _die,
    "die_once": _die_once,
    "look": _look,
    "fail": _fail,
    "stay": _stay,
}
