"""What request bodies are made of: values of the very types that the OpenAPI document says."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema

# Each unknown field is an error with a sentence of its own, and a hundred are told.
_MOST_UNKNOWN = 100
_STRICT = frozenset(("bool", "int", "float"))
_MOMENTS = frozenset(("datetime", "date", "time"))
# What stands there is not a schema, whatever it looks like.
_VALUES = frozenset(("default", "expected", "metadata", "serialization"))


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(item) for item in cast("list[Any]", part)]
    if isinstance(part, tuple):
        return tuple(_strict(item) for item in cast("tuple[Any, ...]", part))
    if not isinstance(part, dict):
        return part
    schema = cast("dict[str, Any]", part)
    whole = {name: item if name in _VALUES else _strict(item) for name, item in schema.items()}
    if whole.get("type") in _STRICT:
        whole["strict"] = True
    elif whole.get("type") in _MOMENTS:
        return {
            "type": "function-before",
            "function": {"type": "no-info", "function": written_moment},
            "schema": whole,
        }
    return whole


def written_moment(value: Any) -> Any:
    """Let pass what is written as RFC 3339 says. Pydantic also takes numbers, for seconds since 1970.

    Raises:
        ValueError: it is a number, or a text that is one.
    """
    number = isinstance(value, int | float)
    if number or (isinstance(value, str) and _is_number(value)):
        raise ValueError("Write the moment as RFC 3339 says, such as 2026-01-31T12:00:00Z.")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Input(BaseModel):
    """A body, or a part of one. Unknown fields are refused, and so is what Pydantic would turn into another
    type: "1" and 1 are no booleans, "1" is no number, and 0.5 is no moment."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(cast("dict[Any, Any]", value)) > cls._most():
            raise ValueError(f"It has more than {cls._most()} fields.")
        return cast("Any", value)

    @classmethod
    def _most(cls) -> int:
        return len(cls.model_fields) + _MOST_UNKNOWN

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", _strict(handler(source)))
