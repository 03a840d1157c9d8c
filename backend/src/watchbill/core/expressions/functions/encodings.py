"""Values in other people's writing: JSON, base64, and parts of URLs."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.conversions import utf8
from watchbill.core.expressions.functions.registry import Env, Library, define, words
from watchbill.core.expressions.results import as_utf8, measure, to_json
from watchbill.core.expressions.values import MAX_DEPTH, shown

LIBRARY: Library = []
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@define(LIBRARY, "json.decode", "text", says="""`json.decode('{"a": 1}')`: the value of JSON text""", cost=10)
def json_decode(env: Env, text: str) -> Any:
    """JSON text as a value; keys keep their order."""
    parts = text.count(",") + text.count("[") + text.count("{")
    words(env.budget, 4 * len(text))
    env.budget.spend(2 * parts)
    env.budget.make(len(text) + 16 * parts)
    try:
        value = _DECODER.decode(text)
        measure(value, Budget(len(text) + 100, 64 * len(text) + 1_000))
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Fault(f"the text is not JSON: {error.msg} ({where})") from None
    except UnicodeEncodeError:
        raise Fault("the JSON contains half of a character (a lone surrogate)") from None
    except RecursionError:
        raise Fault(f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    return value


def _no_constant(name: str) -> Any:
    raise Fault(f"the text is not JSON: `{name}` is not a JSON number")


def _int(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= (value := int(digits)) < 2**64:
        raise Fault(f"the number {shown(digits)} in the JSON does not fit into 64 bits")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        # `add` gives None, so that each name is noted when it is first met.
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Fault(f"the key `{shown(twice)}` appears twice in the JSON")
    return value


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_int, object_pairs_hook=_object)


@define(LIBRARY, "json.encode", "any", says="`json.encode([1, 'a'])`: a value as JSON text", cost=10)
def json_encode(env: Env, value: Any) -> str:
    """A value as JSON text; times as text, durations in seconds."""
    return json_text(to_json(value, env.budget), env.budget)


def json_text(value: Any, budget: Budget) -> str:
    """Plain JSON as text, with all digits of its numbers.

    Raises:
        Fault: a number in it has too many digits.
        OverBudget: it is too large.
    """
    before, steps = budget.size, budget.steps
    measure(value, budget)
    size = before - budget.size
    # Writing a value takes half as long again as walking through it.
    budget.spend((steps - budget.steps) >> 1)
    words(budget, 8 * size)
    # A character may take six as it is written.
    budget.make(2 * size)
    try:
        text = json.dumps(value, ensure_ascii=False)
    except ValueError:
        raise Fault("a number has too many digits to be written") from None
    budget.make(max(0, len(text) - 2 * size))
    return text


@define(
    LIBRARY,
    "base64.encode",
    "bytes|text",
    says="`base64.encode(b'hi')` is `'aGk='`; a text is taken as UTF-8",
    cost=6,
)
def base64_encode(env: Env, value: bytes | str) -> str:
    """Bytes as base64."""
    env.budget.make(6 * len(value))
    words(env.budget, 4 * len(value))
    return base64.b64encode(utf8(value) if isinstance(value, str) else value).decode()


@define(
    LIBRARY,
    "base64.decode",
    "text",
    says="`base64.decode('aGk=')` is `b'hi'`; string() makes a text of it",
    cost=6,
)
def base64_decode(env: Env, text: str) -> bytes:
    """The bytes of base64, with its padding or without."""
    env.budget.make(2 * len(text))
    words(env.budget, 4 * len(text))
    padded = text + "=" * (-len(text) % 4) if "=" not in text else text
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        raise Fault("the text is not base64") from None


@define(
    LIBRARY,
    "url.encode",
    "text",
    says="`url.encode('a b/c')` is `'a%20b%2Fc'`: a text as one part of a URL",
    cost=6,
)
def url_encode(env: Env, text: str) -> str:
    """All but letters, digits and `-._~` as percent and two digits (RFC 3986)."""
    env.budget.make(12 * len(text))
    words(env.budget, 16 * len(text))
    return quote(utf8(text), safe="")


@define(LIBRARY, "url.raw", "text", says="`{{ url.raw(inputs.path) }}` puts a text into a URL as it is")
def url_raw(_env: Env, text: str) -> str:
    """The text; a template of a URL does not encode it."""
    return text


@define(LIBRARY, "url.decode", "text", says="`url.decode('a%20b')` is `'a b'`", cost=6)
def url_decode(env: Env, text: str) -> str:
    """What was encoded for a URL; a plus stays one."""
    env.budget.make(4 * len(text))
    words(env.budget, 16 * len(text))
    if wrong := _PERCENT.search(text):
        raise Fault(
            f"the text is not encoded for a URL: it contains `{text[wrong.start() : wrong.start() + 3]}`"
        )
    return as_utf8(unquote_to_bytes(utf8(text)))
