"""What becomes of a value as JSON, and how large that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.values import CONTAINER, CelType, refuse_deep, type_of

# Steps of walking into a list or map, beside those of its elements.
_CONTAINER_STEPS = 2


def to_json(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A result as plain JSON: times become RFC 3339 text, durations seconds, bytes text, types their name.

    Raises:
        Fault: JSON cannot hold it.
        OverBudget: it is too large.
    """
    kind: Any = value.__class__
    if kind is str:
        budget.make(len(value))
        return value
    if kind is int or kind is bool or value is None:
        return value
    if isinstance(value, list | tuple | Mapping):
        refuse_deep(depth)
        size = len(cast("list[Any]", value))
        budget.make(size + CONTAINER)
        budget.spend(size + _CONTAINER_STEPS)
        if isinstance(value, Mapping):
            return _json_map(cast("Mapping[Any, Any]", value), budget, depth)
        return [to_json(item, budget, depth + 1) for item in cast("list[Any]", value)]
    return _json_scalar(value, budget)


def _json_map(value: Mapping[Any, Any], budget: Budget, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        name = key if type(key) is str else str(key)
        if name in result:
            raise Fault(f"two keys of a map read `{name[:40]}` as text")
        budget.make(len(name))
        result[name] = to_json(item, budget, depth + 1)
    return result


def _json_scalar(value: Any, budget: Budget) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Fault(f"the result {value} is not a number that JSON can hold")
        return value
    if isinstance(value, Uint):
        return int(value)
    if isinstance(value, str):
        budget.make(len(value))
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        budget.make(len(value))
        return as_utf8(value)
    return type_of(value).name if not isinstance(value, CelType) else value.name


def as_utf8(value: bytes) -> str:
    """Bytes as text.

    Raises:
        Fault: they are none in UTF-8.
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Fault("the bytes are no text in UTF-8; write base64.encode(…) to keep them") from None


def measure(value: Any, budget: Budget, depth: int = 0) -> None:
    """Count a value that was JSON already, as `to_json` counts it, without making another.

    Raises:
        Fault: JSON cannot hold it.
        OverBudget: it is too large.
    """
    kind: Any = value.__class__
    if kind is str:
        budget.make(len(value))
    elif kind is dict or kind is list:
        refuse_deep(depth)
        budget.make(len(value) + CONTAINER)
        budget.spend(len(value) + _CONTAINER_STEPS)
        for item in value.values() if kind is dict else value:
            measure(item, budget, depth + 1)
        if kind is dict:
            budget.make(sum(map(len, value)))
    elif kind is float and not math.isfinite(value):
        raise Fault(f"the value {value} is not a number that JSON can hold")
