"""Checks a JSON Schema whole, where it is stored: what it is, what it refers to, and that it is not too much.

Nothing is ever fetched: every reference stays within its schema. Patterns are those of a linear-time engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, cast

import jsonschema_rs
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from watchbill.core.schemas.parts import DRAFT_4, DRAFTS, Parts, Path, patterns

MAX_BYTES = 64 * 1024
MAX_DEPTH = 100
MAX_SUBSCHEMAS = 2_000
MAX_PATTERNS = 50
MAX_PATTERN = 1_000
# Keywords and values to check once all references are followed. Whoever writes references out, as libraries
# do for some model servers, gets a schema of this size.
MAX_WEIGHT = 20_000
# What the engine makes of one pattern, in bytes.
_PATTERN_BYTES = 512 * 1024
_TOLD = 3
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BACKTRACKING = re.compile(r"\(\?<?[=!]|\\[1-9]|\\k[<']|\(\?>|[*+?}]\+")


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing to mend in a schema. `path` leads to it; `code` is schema_invalid, schema_reference,
    schema_pattern or schema_too_large."""

    path: Path
    code: str
    message: str

    def __str__(self) -> str:
        return f"{json_path(self.path)}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a schema.

    Args:
        problems: what is wrong with it; nothing when it can be used.
        weight: how much there is to check at most for each part of a value; None when that depends on the
            value, or on how large a pattern becomes.
    """

    problems: tuple[SchemaProblem, ...]
    weight: int | None = None


def check_schema(schema: Any) -> tuple[SchemaProblem, ...]:
    """What is wrong with a JSON Schema; nothing when it can be used. Never raises."""
    return checked(schema).problems


def checked(schema: Any) -> Checked:
    """What is known of a JSON Schema. Never raises."""
    if isinstance(schema, bool):
        return Checked((), 1)
    if not isinstance(schema, Mapping):
        return _refused(_invalid((), "A JSON Schema is an object."))
    try:
        written = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        size = len(written.encode())
    except UnicodeEncodeError:
        return _refused(_invalid((), "The schema contains half a surrogate pair, which is not a character."))
    except RecursionError:
        return _refused(_too_deep())
    except (ValueError, TypeError):
        text = "The schema contains something that is not JSON, such as NaN or a date."
        return _refused(_invalid((), text))
    if size > MAX_BYTES:
        return _refused(_too_large(f"The schema has {size:,} bytes; at most {MAX_BYTES:,} are allowed."))
    return _checked(written)


def told(problems: Iterable[SchemaProblem]) -> str:
    """Problems as one sentence for a person: the first ones, and how many more there are."""
    listed = list(problems)
    text = " ".join(map(str, listed[:_TOLD]))
    return f"{text} ({len(listed) - _TOLD} more.)" if len(listed) > _TOLD else text


def json_path(path: Iterable[str | int]) -> str:
    """A path as JSONPath writes it: `$.items[0]["a name"]`."""
    steps = (
        f".{part}" if isinstance(part, str) and _NAME.fullmatch(part) else f"[{json.dumps(part)}]"
        for part in path
    )
    return "$" + "".join(steps)


def compiled(schema: Mapping[str, Any] | bool) -> jsonschema_rs.Validator:
    """A schema ready to judge values. Formats are notes for whoever writes the value and are not checked.

    Raises:
        ValueError: the schema is wrong.
    """
    # A schema's own address names nothing that it could need: it refers to itself only.
    nameless = (
        schema if isinstance(schema, bool) else {k: v for k, v in schema.items() if k not in ("$id", "id")}
    )
    return jsonschema_rs.validator_for(
        nameless,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES),
        validate_formats=False,
        offline=True,
    )


# The same schemas come again with every execution and every attempt.
@lru_cache(maxsize=128)
def _checked(written: str) -> Checked:
    if _deep(written):
        return _refused(_too_deep())
    schema = json.loads(written)
    parts = Parts.of(schema, most=MAX_SUBSCHEMAS)
    if parts is None:
        return _refused(_too_large(f"The schema has more than {MAX_SUBSCHEMAS:,} schemas inside."))
    problems = [*_addresses(parts), *_lost(parts), *_patterns(parts)]
    if not problems and parts.weight > MAX_WEIGHT:
        text = f"With all its references followed, the schema has {parts.weight:,} things to check"
        problems.append(_too_large(f"{text}; at most {MAX_WEIGHT:,} are allowed."))
    found = tuple(problems) or _compile_problem(schema)
    return Checked(found, None if parts.recursive or parts.counted else parts.weight)


def _deep(written: str) -> bool:
    """Whether JSON is nested too deeply; its texts are left out of the count."""
    depth = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', written):
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in "]}":
            depth -= 1
    return False


def _addresses(parts: Parts) -> Iterable[SchemaProblem]:
    """Addresses that would have to be looked up: unknown drafts, and schemas with names of their own."""
    draft = parts.root.get("$schema")
    if isinstance(draft, str) and draft.removesuffix("#") not in DRAFTS:
        text = f"`{draft[:80]}` is not known here; take {DRAFTS[0]} or leave $schema out."
        yield SchemaProblem(("$schema",), "schema_reference", text)
    naming = "id" if isinstance(draft, str) and draft.removesuffix("#") == DRAFT_4 else "$id"
    for schema in parts.schemas:
        path = parts.paths[id(schema)]
        if not path:
            continue
        name = schema.get(naming)
        if isinstance(name, str) and not name.startswith("#"):
            text = f"Only a whole schema may have an address ({naming}); refer to a part of it with #/…"
            yield SchemaProblem((*path, naming), "schema_reference", text)
        if "$schema" in schema and schema["$schema"] != draft:
            text = "A part of a schema cannot be of another draft than the whole."
            yield SchemaProblem((*path, "$schema"), "schema_reference", text)


def _lost(parts: Parts) -> Iterable[SchemaProblem]:
    for path, given in parts.lost:
        if given.startswith("#"):
            text = f"The reference `{given[:80]}` points to no schema in this document."
        else:
            text = (
                f"The reference `{given[:80]}` leaves this document. Nothing is fetched: copy what it names"
            )
            text += " into $defs and refer to it as #/$defs/…"
        yield SchemaProblem(path, "schema_reference", text)


def _patterns(parts: Parts) -> Iterable[SchemaProblem]:
    found = [
        (pattern, (*parts.paths[id(schema)], *place))
        for schema in parts.schemas
        for pattern, place in patterns(schema)
    ]
    if len(found) > MAX_PATTERNS:
        yield _too_large(f"The schema has {len(found):,} patterns; at most {MAX_PATTERNS} are allowed.")
    for pattern, path in found:
        if len(pattern) > MAX_PATTERN:
            text = f"The pattern has {len(pattern):,} characters; at most {MAX_PATTERN:,} are allowed."
            yield _too_large(text, path)


def _compile_problem(schema: Mapping[str, Any]) -> tuple[SchemaProblem, ...]:
    try:
        compiled(schema)
    except jsonschema_rs.ValidationError as error:
        path = tuple(error.instance_path)
        if pattern := _pattern_at(schema, path):
            return (SchemaProblem(path, "schema_pattern", _pattern_text(pattern)),)
        return (_invalid(path, f"{error.message[:200]}."),)
    except ValueError as error:
        return (_invalid((), f"{str(error)[:200]}."),)
    return ()


def _pattern_at(schema: Mapping[str, Any], path: Path) -> str | None:
    """The pattern that stands at a path or, as a name, at its end."""
    if len(path) >= 2 and path[-2] == "patternProperties":
        return str(path[-1])
    if not path or path[-1] != "pattern":
        return None
    held: Any = schema
    for part in path:
        held = held[part]
    return held if isinstance(held, str) else None


def _pattern_text(pattern: str) -> str:
    shown = f"The pattern `{pattern[:80]}`"
    if _BACKTRACKING.search(pattern):
        text = "needs backtracking: lookaround, backreferences and possessive repeats are not supported."
        return f"{shown} {text}"
    return f"{shown} is not a regular expression, or is too large."


def _invalid(path: Path, message: str) -> SchemaProblem:
    return SchemaProblem(path, "schema_invalid", message)


def _too_large(message: str, path: Path = ()) -> SchemaProblem:
    return SchemaProblem(path, "schema_too_large", message)


def _too_deep() -> SchemaProblem:
    return _too_large(f"The schema is nested more than {MAX_DEPTH} levels deep.")


def _refused(problem: SchemaProblem) -> Checked:
    return Checked((problem,))


def _sound(schema: dict[str, Any]) -> dict[str, Any]:
    if problems := check_schema(schema):
        raise PydanticCustomError(
            cast("Any", problems[0].code), "{told}", {"told": told(problems).replace("{", "{{")}
        )
    return schema


JsonSchema = Annotated[dict[str, Any], AfterValidator(_sound)]
"""A JSON Schema in a model of ours: checked whole, its order kept."""
