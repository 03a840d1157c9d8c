"""JSON in a model's answer: found in the text, parsed, and checked against a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import SchemaError
from jsonschema.validators import validator_for

_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_MOST_PROBLEMS = 5


class AnswerMismatch(ValueError):
    """The answer is not the JSON that was asked for; the message says what is wrong."""


def instruction(schema: Mapping[str, Any]) -> str:
    """The sentence that asks a model for JSON of this schema."""
    return (
        "Answer with one JSON value only, without any other text, that satisfies this JSON Schema:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )


def parse_answer(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in `text`, which may stand in a Markdown fence.

    Raises:
        AnswerMismatch: there is none, or it breaks the schema.
    """
    value = _parse(text)
    try:
        validator = validator_for(schema)(schema)
        problems = sorted(validator.iter_errors(value), key=lambda problem: problem.json_path)
    except SchemaError as error:  # a broken schema surfaces lazily for some keywords
        raise AnswerMismatch(f"The schema itself is wrong: {error.message}") from error
    if problems:
        listed = "; ".join(f"{p.json_path}: {p.message[:200]}" for p in problems[:_MOST_PROBLEMS])
        raise AnswerMismatch(listed)
    return value


def check_schema(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a JSON Schema itself, or None."""
    try:
        validator_for(schema).check_schema(dict(schema))
    except SchemaError as error:
        return f"{error.json_path}: {error.message[:200]}"
    return None


def _parse(text: str) -> Any:
    fenced = _FENCED.search(text)
    for candidate in (text, fenced.group(1) if fenced else "", _outermost(text)):
        try:
            return json.loads(candidate)
        except json.JSONDecodeError:
            continue
    raise AnswerMismatch("the answer is not JSON")


def _outermost(text: str) -> str:
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else ""
