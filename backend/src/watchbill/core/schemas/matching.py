"""Judges values by a JSON Schema that was checked before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from watchbill.core.schemas.checking import checked, compiled, json_path

_MOST_PROBLEMS = 5
# Weight of a schema times characters of a value: some milliseconds if every part met every value, which it
# does not. The weight alone says how long making the matcher takes.
_QUICK = 50_000
_LIGHT = 500


def is_quick(schema: Mapping[str, Any], characters: int) -> bool:
    """Whether a value of so many characters as JSON is sure to be judged in about a millisecond, so that it
    may happen on an event loop that others share."""
    known = checked(schema)
    if known.problems:
        return True  # it will be refused
    return known.weight is not None and known.weight <= min(_LIGHT, _QUICK // max(characters, 1))


class Matcher:
    """A schema, ready to judge many values.

    Raises:
        ValueError: the schema is wrong; `check_schema` tells how.
    """

    def __init__(self, schema: Mapping[str, Any] | bool):
        self._validator = compiled(schema)
        weight = checked(schema).weight
        self._light = weight is not None and weight <= _LIGHT

    def mismatches(self, value: Any) -> list[str]:
        """Where the value breaks the schema and why: a few of the places, or the first where the schema has
        many branches. Nothing when it does not."""
        # Without notes first: those of all branches and places may be far more than the value.
        if self._validator.is_valid(value):
            return []
        if self._light:
            return [_said(error) for error in islice(self._validator.iter_errors(value), _MOST_PROBLEMS)]
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [_said(error)]
        return []


def _said(error: jsonschema_rs.ValidationError) -> str:
    return f"{json_path(error.instance_path)}: {error.message[:200]}"
