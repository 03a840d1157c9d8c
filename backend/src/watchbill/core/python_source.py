"""What can be told of a tool's Python source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

from watchbill.core.flow.problems import Problem

FUNCTION = "run"
_MOST_TOLD = 20
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def source_problems(code: str, input_schema: Mapping[str, Any]) -> list[Problem]:
    """What keeps the source from being called with what its input schema lets through. It is read, never run.

    Reading takes a time and a memory that grow with the source: not on an event loop that others share.
    """
    try:
        module = ast.parse(code)
    except SyntaxError as error:
        place = f"Line {error.lineno}: " if error.lineno else ""
        return [_wrong("syntax_error", f"{place}{error.msg}.")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [_wrong("syntax_error", f"Python cannot read this: {error or 'it is nested too deeply'}.")]
    found = [one for one in module.body if isinstance(one, _Function) and one.name == FUNCTION]
    if not found:
        return [
            _wrong("no_run", "Define a function `run`: its arguments are the input, it returns the output.")
        ]
    return list(islice(_mismatches(found[-1].args, input_schema), _MOST_TOLD))


def _mismatches(arguments: ast.arguments, schema: Mapping[str, Any]) -> Iterator[Problem]:
    if arguments.posonlyargs:
        name = arguments.posonlyargs[0].arg
        yield _wrong("positional_only", f"`run` gets its arguments by name: remove the `/` after `{name}`.")
        return
    properties = schema.get("properties")
    given = set(cast("Mapping[str, Any]", properties)) if isinstance(properties, Mapping) else set[str]()
    listed = schema.get("required")
    named = cast("list[Any]", listed) if isinstance(listed, list) else []
    # A schema that is wrong is told of elsewhere.
    required = {name for name in named if isinstance(name, str)}
    taken = {one.arg for one in (*arguments.args, *arguments.kwonlyargs)}
    if arguments.kwarg is None:
        for name in sorted(given - taken):
            text = f"The input schema has `{name}`, but `run` does not take it. Add it, or `**rest`."
            yield _wrong("argument_missing", text)
    for name in sorted(_needed(arguments) - required):
        what = "does not require it" if name in given else "does not have it"
        text = f"`run` needs `{name}`, but the input schema {what}. Give it a default, or change the schema."
        yield _wrong("argument_unknown", text)


def _needed(arguments: ast.arguments) -> set[str]:
    """Arguments without a default."""
    plain = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    named = [
        one
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return {one.arg for one in (*plain, *named)}


def _wrong(code: str, message: str) -> Problem:
    return Problem(field="config.code", code=code, message=message)
