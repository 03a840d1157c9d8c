"""Reads structured answers: at once where that is cheap for sure, else in a process that can be killed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchbill.core.answers import AnswerMismatch, parse_answer
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.schemas import is_quick
from watchbill.core.tenancy import TenantScope

PARSE_JOB = "answer.parse"
# Looking for JSON in prose takes about a microsecond for each character at worst.
_SHORT = 2_000


async def read_answer(compute: Compute, scope: TenantScope, text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in a model's text that satisfies the schema.

    Raises:
        AnswerMismatch: there is none, or it cannot be kept exactly.
        NodeError: kind limit, when judging it takes more than it may.
    """
    if len(text) <= _SHORT and is_quick(schema, len(text)):
        return parse_answer(text, schema)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise AnswerMismatch("the answer contains half a surrogate pair, which is not a character")
    try:
        outcome = await compute.run(scope, PARSE_JOB, {"text": text, "schema": schema})
    except ComputeLimit as error:
        advice = "Ask for a shorter answer, or make the schema simpler."
        detail = f"The answer cannot be checked against its `output_schema`. {error.detail} {advice}"
        raise NodeError(ErrorKind.LIMIT, detail, code="schema_too_costly") from error
    if "mismatch" in outcome:
        raise AnswerMismatch(outcome["mismatch"])
    return outcome["value"]


def parse(argument: Any) -> dict[str, Any]:
    """The job: `value`, or why there is none as `mismatch`."""
    try:
        return {"value": parse_answer(argument["text"], argument["schema"])}
    except AnswerMismatch as mismatch:
        return {"mismatch": str(mismatch)}
