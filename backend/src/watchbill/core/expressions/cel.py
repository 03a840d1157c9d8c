"""CEL expressions: parsing, what they refer to, and evaluation over plain JSON values."""

from __future__ import annotations

import math
import re
import threading
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, cast

from watchbill.core.expressions.library import EXTENSIONS, cel

MAX_LENGTH = 10_000
# A macro walks its list, so nested macros multiply: three levels over long lists already take seconds.
MAX_MACRO_DEPTH = 3
# What only the body of a Map or Loop knows: the item, its index from 0, and the last iteration's result.
LOCALS = frozenset({"item", "index", "previous"})
VARIABLES = frozenset({"inputs", "nodes"}) | LOCALS

# lists.range makes a list of any length out of a number, so a typo could fill the memory.
_EXTENSIONS = {
    name: function
    for library in EXTENSIONS.values()
    for name, function in library.items()
    if name != "lists.range"
}
_NAMESPACES = frozenset(name.partition(".")[0] for name in _EXTENSIONS if "." in name)
# https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
# fmt: off
_STANDARD = frozenset((
    "all", "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "exists", "exists_one",
    "filter", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
    "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has", "int", "map", "matches", "max",
    "min", "size", "startsWith", "string", "timestamp", "type", "uint",
))
# fmt: on
FUNCTIONS = _STANDARD | {name.rpartition(".")[2] for name in _EXTENSIONS}
_PER_THREAD = threading.local()
_SIZE = "watchbill_size"
# What the library wraps around the error of a function that it was given.
_SAID_BY_FUNCTION = re.compile(
    r"Python function call failed: \w+: (.*)\. Check function arguments", re.DOTALL
)

_TOKEN = re.compile(
    r"""(?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<space>\s+|//[^\n]*)|(?P<other>.)""",
    re.DOTALL,
)
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
# (kind, text): kind is string, name or other.
_Token = tuple[str, str]
_POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class ExpressionError(ValueError):
    """An expression cannot be read or evaluated. `position` is (line, column), both from 1, where known."""

    def __init__(self, code: str, message: str, position: tuple[int, int] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Reference:
    """Something an expression reads: `inputs.<name>`, `nodes.<name>`, or a local of a body. The name is None
    for the whole map and for locals."""

    root: Literal["inputs", "nodes", "item", "index", "previous"]
    name: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A parsed expression. Build it with `parse`; parsing the same text again costs nothing."""

    source: str
    references: frozenset[Reference]
    _program: Any

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value over `scope`, a mapping with `inputs`, `nodes` and a body's locals, as plain JSON.

        Raises:
            ExpressionError: with code `evaluation_failed` and a sentence that says why.
        """
        try:
            return to_json(self._program.execute(_context(self._needed(scope))))
        except KeyError as error:
            raise self._failure(f"there is no field {error}") from error
        except IndexError as error:
            raise self._failure("the list has no such element") from error
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            said = _SAID_BY_FUNCTION.search(str(error))
            raise self._failure(said[1] if said else str(error)) from error

    def _needed(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The part of the scope that is read: handing over all of it would cost more with every node."""
        needed: dict[str, Any] = {"inputs": {}, "nodes": {}}
        for reference in self.references:
            known = scope[reference.root]
            if reference.name is None:
                needed[reference.root] = dict(known) if isinstance(known, ChainMap) else known
            elif reference.name in known and needed[reference.root] is not known:
                needed[reference.root][reference.name] = known[reference.name]
        return needed

    def _failure(self, why: str) -> ExpressionError:
        return ExpressionError("evaluation_failed", f"Cannot evaluate `{_shorten(self.source)}`: {why}")


@lru_cache(maxsize=20_000)
def parse(source: str) -> Expression:
    """Parse a CEL expression.

    Raises:
        ExpressionError: `expression_syntax`, `expression_too_long`, `expression_too_deep` or
            `expression_unknown_variable`.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError("expression_too_long", f"An expression has at most {MAX_LENGTH:,} characters.")
    if not source.strip():
        raise ExpressionError("expression_syntax", "The expression is empty.")
    tokens = _tokens(source)
    _check_macro_depth(tokens)
    references = _references(tokens)
    try:
        program = cel.compile(source)
    except (ValueError, RecursionError) as error:
        raise _syntax_error(str(error)) from error
    unknown = sorted(set(program.variables()) - VARIABLES - _NAMESPACES - _bound(tokens))
    if unknown:
        raise ExpressionError(
            "expression_unknown_variable",
            f"`{unknown[0]}` is not known here. Use `inputs.<field>` or `nodes.<id>.output`.",
        )
    for function in program.functions():
        # Operators have names that no one can type, such as _+_ and @in.
        if function.isidentifier() and not function.startswith("_") and function not in FUNCTIONS:
            raise ExpressionError("expression_unknown_function", f"There is no function `{function}`.")
    counting = _counting(source)
    return Expression(source, references, program if counting == source else cel.compile(counting))


def _context(scope: dict[str, Any]) -> cel.Context:
    """The functions an expression may call, made once a thread, with these variables."""
    context: cel.Context | None = getattr(_PER_THREAD, "context", None)
    if context is None:
        context = _PER_THREAD.context = cel.Context()
        for name, function in _EXTENSIONS.items():
            context.add_function(name, function)
        context.add_function(_SIZE, _size)
    context.update(scope)
    return context


def _counting(source: str) -> str:
    """The source with calls of our own size(): CEL counts the characters of a text, the library the bytes of
    its UTF-8, and it lets nobody replace a function of its own."""
    found = [match for match in _TOKEN.finditer(source) if match.lastgroup != "space"]
    text, done = "", 0
    for match, following in pairwise(found):
        if match.group() == "size" and following.group() == "(":
            text += source[done : match.start()] + _SIZE
            done = match.end()
    return text + source[done:]


def _size(*values: Any) -> int:
    if len(values) != 1 or not isinstance(values[0], str | bytes | list | dict):
        raise TypeError("size() takes one text, list or map")
    return len(cast("str", values[0]))


def _syntax_error(text: str) -> ExpressionError:
    match = _POSITION.search(text)
    if not match:
        return ExpressionError("expression_syntax", "The expression cannot be read.")
    line, column = int(match[1]), int(match[2])
    message = match[3].removeprefix("Syntax error: ").split("expecting")[0].strip(" ,.")
    if "<EOF>" in message:
        message = "the expression ends where more is expected"
    return ExpressionError("expression_syntax", f"Line {line}, column {column}: {message}.", (line, column))


def _tokens(source: str) -> list[_Token]:
    return [
        (match.lastgroup or "", match.group())
        for match in _TOKEN.finditer(source)
        if match.lastgroup != "space"
    ]


def _references(tokens: list[_Token]) -> frozenset[Reference]:
    """What the expression reads, found in its tokens: the parser names only top-level variables."""
    found: set[Reference] = set()
    known = VARIABLES - _bound(tokens)
    for index, (kind, text) in enumerate(tokens):
        if kind != "name" or text not in known or (index and tokens[index - 1][1] == "."):
            continue
        name = None if text in LOCALS else _selected(tokens, index + 1)
        found.add(Reference(cast("Any", text), name))
    return frozenset(found)


def _bound(tokens: list[_Token]) -> set[str]:
    """Names that macros give to list elements, as `x` in `list.map(x, x + 1)`."""
    return {
        tokens[index + 2][1]
        for index, (_, text) in enumerate(tokens[:-2])
        if text in _MACROS and tokens[index + 1][1] == "(" and tokens[index + 2][0] == "name"
    }


def _selected(tokens: list[_Token], index: int) -> str | None:
    following = tokens[index : index + 3]
    if len(following) >= 2 and following[0][1] == "." and following[1][0] == "name":
        return following[1][1]
    if (
        len(following) == 3
        and following[0][1] == "["
        and following[1][0] == "string"
        and following[2][1] == "]"
    ):
        return following[1][1][1:-1]
    return None


def _check_macro_depth(tokens: list[_Token]) -> None:
    open_macros: list[bool] = []
    for index, (_, text) in enumerate(tokens):
        if text == "(":
            is_macro = index > 1 and tokens[index - 1][1] in _MACROS and tokens[index - 2][1] == "."
            open_macros.append(is_macro)
            if sum(open_macros) > MAX_MACRO_DEPTH:
                raise ExpressionError(
                    "expression_too_deep", f"At most {MAX_MACRO_DEPTH} list macros may be nested."
                )
        elif text == ")" and open_macros:
            open_macros.pop()


def to_json(value: Any) -> Any:
    """A CEL result as plain JSON: times become RFC 3339 text, durations seconds, bytes text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the result {value} is not a number that JSON can hold")
        return value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"the result has the type {type(value).__name__}, which has no JSON form")


def _shorten(source: str, limit: int = 120) -> str:
    return source if len(source) <= limit else source[: limit - 1] + "…"
