"""What a server says is wrong: found in error bodies, and in answers and streams that are none."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from watchbill.adapters.openai_chat.event_stream import EventStream, is_done
from watchbill.core.json.characters import mended
from watchbill.kit.outbound.charsets import charset_of

# Each is looked for once: what begins a title again and again must not be followed to the end each time.
_TITLE = re.compile(r"<title", re.IGNORECASE)
_TITLE_END = re.compile(r"</title", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_TEXT = 500
_MOST_LEVELS = 8
_MOST_EVENT = 64 * 1024
_WORDS = ("message", "Message", "error", "detail", "msg", "error_message", "title", "reason")
# Those that stand for an error although nothing calls it one.
_BARE = ("message", "detail", "msg", "error_message", "Message")
_CODES = ("code", "type", "status")
# Only what no answer of a model has marks a body without `error` as one.
_ANSWER_KEYS = ("choices", "candidates", "content", "output", "usage")
_STATUS_OF = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "overloaded_error": 529,
    "overloaded": 529,
    "unavailable": 503,
    "server_error": 500,
    "internal_server_error": 500,
    "internal_error": 500,
    "internal": 500,
    "api_error": 500,
    "timeout_error": 408,
    "deadline_exceeded": 408,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "not_found": 404,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "badrequesterror": 400,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What was said: the text for people, and codes and a status where there are any."""

    text: str
    codes: tuple[str, ...] = ()
    status: int | None = None


def complaint(value: Any) -> Said | None:
    """The complaint in a JSON value that stands where an answer should; None when it may be an answer."""
    if isinstance(value, str):
        return Said(in_short(value))
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return complaint(items[0]) if items and not isinstance(items[0], list) else None
    if not isinstance(value, dict):
        return None
    body = cast("dict[str, Any]", value)
    if body.get("error"):
        return _of_error(body["error"], body)
    for choice in body["choices"] if isinstance(body.get("choices"), list) else ():
        if isinstance(choice, dict) and (error := cast("dict[str, Any]", choice).get("error")):
            return _of_error(error, body)
    told = body.get("object") == "error" or body.get("type") == "error"
    if not told and any(key in body for key in _ANSWER_KEYS):
        return None
    if (
        told
        or body.get("errors")
        or any(body.get(word) and isinstance(body[word], str | list) for word in _BARE)
    ):
        return _of_error(body.get("errors") or body, body)
    return None


def of_body(body: bytes, content_type: str) -> Said:
    """What the body of an error status says; the text is empty when it says nothing."""
    text = text_of(body, content_type).strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _of_events(text) or Said(in_short(page_title(text) if is_page(text, content_type) else text))
    return complaint(value) or Said("" if value in (None, {}, []) else in_short(text))


def text_of(body: bytes, content_type: str) -> str:
    """A body as text, in the character set that it begins with or that is announced."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    charset = charset_of(content_type) or "utf-8"
    return body.decode("utf-8-sig" if charset == "utf-8" else charset, "replace")


def dumped(value: Any) -> str:
    """JSON of a value, for people."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "JSON that is nested too deeply"


def _of_events(text: str) -> Said | None:
    """What a stream of events says that came with an error status."""
    if not text.startswith(("data:", "event:")):
        return None
    events = EventStream(_MOST_EVENT)
    found = [*events.feed(text.encode("utf-8", "replace")), *events.close()]
    complaints = [complaint(value) for event in found for value in event.payloads() if not is_done(value)]
    return next((each for each in complaints if each and each.text), None)


def shortened(body: bytes, content_type: str = "") -> str:
    """The beginning of a body, to be shown."""
    return in_short(text_of(body[: 4 * _MOST_TEXT], content_type))


def is_page(text: str, content_type: str = "") -> bool:
    """Whether the text is a page for browsers."""
    return "html" in content_type.lower() or text[:200].lstrip().lower().startswith(("<!doctype", "<html"))


def page_title(text: str) -> str:
    """The title of a page, or what it begins with, without tags."""
    return in_short(_TAG.sub(" ", _title(text[:20_000]) or text[:4_000]))


def _title(page: str) -> str:
    begun = _TITLE.search(page)
    start = page.find(">", begun.end()) + 1 if begun else 0
    ended = _TITLE_END.search(page, start) if start else None
    return page[start : ended.start()] if ended else ""


def _of_error(error: Any, body: Mapping[str, Any]) -> Said:
    if isinstance(error, int | float):
        # Only that there is one, or its number: the rest says which.
        error = {key: value for key, value in body.items() if key != "error"} or error
    text = _text(error)
    codes: list[str] = []
    status: int | None = None
    for source in (error, body):
        if not isinstance(source, dict):
            continue
        for key in _CODES:
            value = cast("dict[str, Any]", source).get(key)
            status = status or _status(value)
            if isinstance(value, str):
                codes.append(value[:100])
    return Said(in_short(text), tuple(codes), status or _by_code(codes))


def _text(error: Any, levels: int = _MOST_LEVELS) -> str:
    if isinstance(error, str):
        return error
    if not levels:
        return dumped(error)
    if isinstance(error, list):
        return "; ".join(_text(each, levels - 1) for each in cast("list[Any]", error)[:3])
    if isinstance(error, dict):
        fields = cast("dict[str, Any]", error)
        for word in _WORDS:
            if fields.get(word):
                return _text(fields[word], levels - 1)
        return dumped(fields)
    return str(error)


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    return value if type(value) is int and 400 <= value <= 599 else None


def _by_code(codes: list[str]) -> int | None:
    found = (_STATUS_OF.get(code.lower()) for code in codes)
    return next((status for status in found if status), None)


def in_short(text: str) -> str:
    """The beginning of a text on one line, of what can be shown."""
    text = text[: 4 * _MOST_TEXT]
    if text.count("\ufffd") > len(text) // 5:
        return "data that is not text"
    text = _SPACE.sub(" ", _CONTROL.sub(" ", mended(text))).strip()
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
