"""What a webhook was sent, as values: JSON, forms and texts as what they say, anything else as base64.

Nothing is mended: what cannot be read or kept exactly is refused with its place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.json.size import TooManyValues, demand_few_values
from watchbill.core.json.text import NotExact, demand_exact, json_of_bytes, read_exactly, refusal
from watchbill.features.triggers.multipart import Part, read_parts
from watchbill.kit.outbound.charsets import charset_of, media_type, parameter

MAX_FIELDS = 1_000
MAX_FILES = 20
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def read_body(content_type: str, raw: bytes) -> Any:
    """The body as a value; None when it is empty.

    Without a media type it is JSON or text if it can be read so.

    Raises:
        InvalidInput: it is not what its type says, or could not be kept as it is.
    """
    kind = media_type(content_type)
    if not raw:
        return None
    if kind.endswith("json"):
        return _json(_json_text(content_type, raw))
    if kind == _FORM:
        return read_pairs(raw, ("body",), charset(content_type))
    if kind == _MULTIPART:
        return _form(content_type, raw)
    if kind.startswith("text/") or kind.endswith(("xml", "/javascript", "yaml")):
        return _text(_decoded(raw, charset(content_type), "The text"))
    return binary(kind, raw) if kind else _guessed(raw)


def read_pairs(raw: bytes, place: tuple[str, ...], encoding: str = "utf-8") -> dict[str, Any]:
    """The fields of a query or form. What stands once is a text; what stands several times is a list.

    Raises:
        InvalidInput: there are too many, or one is not text.
    """
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding=encoding, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError as error:
        raise _wrong(place, "text_encoding", f"The {place[0]} is not encoded in {encoding}.") from error
    except ValueError as error:
        raise _wrong(place, "too_many_fields", f"At most {MAX_FIELDS:,} fields are read.") from error
    fields = grouped(pairs)
    demand_exact(fields, place, f"The {place[0]}")
    return fields


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by their names, in the order in which each came first; several of one name are a list."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def charset(content_type: str) -> str:
    """The character set that a content type names; UTF-8 where it names none.

    Raises:
        InvalidInput: nobody knows it.
    """
    found = charset_of(content_type)
    if found is None:
        text = f"The character set {parameter(content_type, 'charset')!r:.60} is not known."
        raise _wrong(("headers", "content-type"), "charset_unknown", text)
    return found


def binary(kind: str, raw: bytes) -> dict[str, Any]:
    """What is no text: its media type, its size in bytes and the bytes as base64."""
    return {"content_type": kind, "size": len(raw), "base64": base64.b64encode(raw).decode()}


def _json_text(content_type: str, raw: bytes) -> str:
    named = charset(content_type)
    try:
        return json_of_bytes(raw) if named in ("utf-8", "ascii") else raw.decode(named).removeprefix("\ufeff")
    except ValueError as error:
        raise _wrong(("body",), "text_encoding", f"The JSON is not {named}.") from error


def _few(text: str) -> None:
    try:
        demand_few_values(text.encode("utf-8", "surrogatepass"))
    except TooManyValues as error:
        raise _wrong(("body",), "too_many_values", f"The body is too large: {error}.") from error


def _json(text: str) -> Any:
    _few(text)
    try:
        return read_exactly(text)
    except NotExact as fault:
        raise refusal(fault, ("body",), "The body") from fault
    except ValueError as error:
        raise _wrong(("body",), "json_invalid", f"The body is not JSON: {error}.") from error


def _decoded(raw: bytes, named: str, what: str) -> str:
    try:
        return raw.decode(named).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        text = f"{what} is not {named}: see byte {error.start:,}."
        raise _wrong(("body",), "text_encoding", text) from error


def _text(text: str) -> str:
    demand_exact(text, ("body",), "The body")
    return text


def _guessed(raw: bytes) -> Any:
    try:
        text = json_of_bytes(raw)
        text.encode()
    except ValueError:
        return binary("", raw)
    # Other texts may have as many commas as they like.
    if text.lstrip()[:1] in ("[", "{"):
        _few(text)
    try:
        return read_exactly(text)
    except NotExact as fault:
        raise refusal(fault, ("body",), "The body") from fault
    except ValueError:
        return _text(text)


def _form(content_type: str, raw: bytes) -> dict[str, Any]:
    parts = read_parts(parameter(content_type, "boundary") or "", raw, most=MAX_FIELDS)
    if sum(part.filename is not None for part in parts) > MAX_FILES:
        raise _wrong(("body",), "too_many_files", f"At most {MAX_FILES} files are read.")
    fields = grouped((part.name, _part(part)) for part in parts)
    demand_exact(fields, ("body",), "The form")
    return fields


def _part(part: Part) -> Any:
    """A field is its text; a file has its name, type, size, and its text or base64."""
    kind = media_type(part.content_type)
    if part.filename is None:
        return _decoded(part.data, charset(part.content_type), f"The field {part.name[:80]!r}")
    about = {"name": part.filename, "type": kind, "size": len(part.data)}
    encoded = about | {"base64": base64.b64encode(part.data).decode()}
    if not (kind.startswith("text/") or kind.endswith(("json", "xml", "yaml"))):
        return encoded
    try:
        text = part.data.decode(charset(part.content_type))
    except UnicodeDecodeError:
        return encoded
    if "\x00" in text:
        return encoded
    return about | {"text": text}


def _wrong(place: tuple[str, ...], code: str, text: str) -> InvalidInput:
    return InvalidInput(text, code=code, errors=(FieldError(place, code, text),))
