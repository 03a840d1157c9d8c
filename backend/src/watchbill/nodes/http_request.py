"""HTTP request: one call to another service, and its answer as the node's output."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, cast
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from yarl import URL

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.shapes import ANY, TEXT, WHOLE, Shape, map_of
from watchbill.core.expressions.template import as_text
from watchbill.core.expressions.typed_json import NotJson, typed_json
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.json.text import NotExact, read_exactly
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.kit.outbound.charsets import charset_of, media_type
from watchbill.kit.outbound.urls import refusal

MAX_BYTES = 4 * 1024 * 1024
# No server takes more: most stop at 8 or 16 KiB. To make and send megabytes of it would hold up others.
MOST_HEAD_BYTES = 64 * 1024
_SAFE = frozenset(("GET", "HEAD"))
_BODY_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# These belong to the connection: a user's could make one request look like two.
_RESERVED = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te")
)

Expected = Annotated[str, StringConstraints(pattern=r"^[1-5](xx|[0-9]{2})$")]


class Config(BaseModel):
    """What is called, and which answers are good."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = Field(
        "GET", title="Method", json_schema_extra=form(order=1)
    )
    url: str = Field(
        min_length=1,
        max_length=8000,
        title="URL",
        json_schema_extra=form("template", order=2, lines=1),
    )
    query: dict[str, Any] = Field(
        default={},
        max_length=100,
        title="Query",
        description="Added to the URL; a list becomes one parameter for each item.",
        json_schema_extra=form("template-map"),
    )
    headers: dict[str, Any] = Field(
        default={}, max_length=100, title="Headers", json_schema_extra=form("template-map", order=3)
    )
    body_type: Literal["none", "json", "form", "text"] = Field(
        "none",
        title="Body",
        json_schema_extra=form(
            order=4, labels={"none": "None", "json": "JSON", "form": "Form", "text": "Text"}
        ),
    )
    values: dict[str, Any] = Field(
        default={},
        max_length=200,
        title="Body values",
        description="The fields of a JSON or form body.",
        json_schema_extra=form("template-map", order=5, when={"body_type": ["json", "form"]}),
    )
    content: Any = Field(
        None,
        title="Body content",
        description="A text body, or a JSON value or one expression that is sent instead of the values.",
        json_schema_extra=form("template", when={"body_type": ["json", "form", "text"]}),
    )
    read_as: Literal["auto", "text", "base64"] = Field(
        "auto",
        title="Read the answer as",
        description="Automatic: JSON as a value, text as text, anything else as base64.",
    )
    timeout_seconds: float = Field(
        30, gt=0, le=3600, title="Time-out in seconds", json_schema_extra=form(unit="seconds")
    )
    follow_redirects: bool = Field(True, title="Follow redirects")
    expected_statuses: list[Expected] = Field(
        default=["2xx"],
        min_length=1,
        max_length=50,
        title="Expected statuses",
        description="A status such as 404, or a class such as 2xx; any other answer fails the node.",
    )


async def execute(context: NodeContext) -> NodeResult:
    """Make the call; the output is {status, headers, body, url}.

    Raises:
        NodeError: limit for an address or headers that are too large, upstream for 429 and 5xx, user for
            other statuses that are not expected and for JSON that could not be kept as it is, and what
            core.ports.http raises.
    """
    config: Config = context.config
    headers = _headers(config.headers)
    # What is sent may have megabytes.
    body = None if config.body_type == "none" else await asyncio.to_thread(_body, config)
    if body is not None:
        headers.setdefault("content-type", _BODY_TYPES[config.body_type])
    if config.method not in _SAFE:
        headers.setdefault("idempotency-key", context.idempotency_key)
    request = HttpRequest(
        config.method,
        _url(config),
        headers,
        body,
        config.timeout_seconds,
        MAX_BYTES,
        config.follow_redirects,
    )
    answer = await context.ports.http.send(request)
    _refuse_unexpected(config, answer)
    output = {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": _answered(config, answer),
        "url": answer.url,
    }
    return NodeResult(output)


def parsed(content_type: str, body: bytes, read_as: str = "auto") -> Any:
    """The body as JSON, as text, or as {content_type, base64} where it is neither; None when it is empty.
    JSON that is broken is given as text, and what is not in its character set as base64.

    Raises:
        NotExact: the JSON could not be kept as it is.
    """
    kind = media_type(content_type)
    if not body:
        return None
    is_json = kind == "application/json" or kind.endswith("+json")
    named = kind.startswith("text/") or kind.endswith(("xml", "/javascript", "x-www-form-urlencoded"))
    if read_as == "base64" or not (is_json or named or read_as == "text" or not kind):
        return _binary(kind, body)
    text = _decoded(content_type, body)
    if text is None:
        return _binary(kind or "application/octet-stream", body)
    return _json_or_text(text) if is_json and read_as == "auto" else text


def _answered(config: Config, answer: HttpAnswer) -> Any:
    try:
        return parsed(answer.headers.get("content-type", ""), answer.body, config.read_as)
    except NotExact as fault:
        text = (
            f"The answer's JSON cannot be kept as it is: {fault}. Read the answer as text to take it anyway."
        )
        raise NodeError(ErrorKind.USER, text, code="not_exact") from fault


def _binary(kind: str, body: bytes) -> dict[str, str]:
    return {"content_type": kind, "base64": base64.b64encode(body).decode()}


def _decoded(content_type: str, body: bytes) -> str | None:
    """The text, or None where it is none."""
    charset = charset_of(content_type)
    if charset is None:
        return None
    try:
        text = body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _json_or_text(text: str) -> Any:
    try:
        return read_exactly(text)
    except NotExact:
        raise
    except ValueError:
        return text


def _judge(foreseen: Foreseen) -> list[Problem]:
    return [*_wrong_address(foreseen), *_wrong_headers(foreseen), *_wrong_body(foreseen)]


def _wrong_address(foreseen: Foreseen) -> list[Problem]:
    if foreseen.known("url"):
        url = foreseen.value("url")
        why = refusal(url.strip().partition("#")[0]) if isinstance(url, str) else None
    else:
        why = _wrong_start(str(foreseen.config["url"]).partition("{{")[0].lstrip())
    if why is None:
        return []
    text = f"The address {why}. Write it whole, such as https://example.com/orders."
    return [Problem(field="url", code="url_invalid", message=text)]


def _wrong_start(start: str) -> str | None:
    """Why no address can begin so, whatever the expression behind it gives."""
    schemes = ("http://", "https://")
    start = start.lower()
    if any(start.startswith(scheme) or scheme.startswith(start) for scheme in schemes):
        return None
    return "does not begin with http:// or https://"


def _wrong_headers(foreseen: Foreseen) -> list[Problem]:
    problems: list[Problem] = []
    headers: Mapping[str, Any] = foreseen.config.get("headers", {})
    for name in headers:
        text = as_text(foreseen.value("headers", name)).strip() if foreseen.known("headers", name) else ""
        if why := _wrong_header(name, text):
            message = f"The header `{name[:100]}` {why}."
            problems.append(Problem(field=f"headers.{name[:200]}", code="header_invalid", message=message))
    return problems


def _wrong_body(foreseen: Foreseen) -> list[Problem]:
    kind = foreseen.config.get("body_type", "none")
    method = foreseen.config.get("method", "GET")
    if kind != "none" and method in _SAFE:
        text = (
            f"A {method} request has no body, and most servers ignore or refuse one. Choose POST, or no body."
        )
        return [Problem(field="body_type", code="body_unexpected", message=text, severity="warning")]
    content = foreseen.config.get("content")
    if kind != "form" or content in (None, ""):
        return []
    shape = foreseen.shape("content")
    if shape.may_be("map") or (shape.may_be("null_type", "string") and not foreseen.literal("content")):
        return []
    text = f"A form body needs an object; this is {shape.words}. Use the body values instead."
    return [Problem(field="content", code="body_invalid", message=text)]


def _gives(_foreseen: Foreseen) -> Shape:
    return map_of({"status": WHOLE, "headers": map_of(), "body": ANY, "url": TEXT})


def _meant(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("body_type") != "json":
        return config
    try:
        return config | {"content": typed_json(config.get("content"))}
    except NotJson:  # a problem of its own
        return config


def _check(config: Any) -> list[Problem]:
    if config.body_type != "json":
        return []
    try:
        typed_json(config.content)
    except NotJson as error:
        return [Problem(field="content", code="body_not_json", message=str(error))]
    return []


def _url(config: Config) -> str:
    """The address as it was written, with the query behind its own."""
    address, _, _ = config.url.strip().partition("#")
    room = MOST_HEAD_BYTES - len(address)
    pairs: list[tuple[str, str]] = []
    for pair in _pairs(config.query):
        pairs.append(pair)
        room -= len(pair[0]) + len(pair[1]) + 2
        if room < 0:
            raise _too_large("address with its query")
    if not pairs:
        return address
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    try:
        return address + joint + urlencode(pairs, quote_via=quote, safe="")
    except UnicodeEncodeError as error:
        text = "A value of the query contains half of a character (a lone surrogate)."
        raise NodeError(ErrorKind.USER, text, code="url_invalid") from error


def _pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and text for each value; a list has several, null has none."""
    for name, value in values.items():
        for item in cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]:
            yield name, as_text(item)


def _too_large(what: str) -> NodeError:
    text = f"The {what} has more than {MOST_HEAD_BYTES:,} characters. Send large values in the body."
    return NodeError(ErrorKind.LIMIT, text, code="http_request_too_large")


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    room = MOST_HEAD_BYTES
    for name, value in given.items():
        text = as_text(value).strip()
        room -= len(name) + len(text)
        if room < 0:
            raise _too_large("headers")
        if why := _wrong_header(name, text):
            raise NodeError(ErrorKind.USER, f"The header `{name[:100]}` {why}.", code="header_invalid")
        headers[name.lower()] = text
    return headers


def _wrong_header(name: str, value: str) -> str | None:
    """Why a header cannot be sent, as the end of a sentence about it."""
    if not _TOKEN.fullmatch(name):
        return "is not a header name; use letters, digits and hyphens"
    if name.lower() in _RESERVED:
        return "is set by Watchbill; remove it"
    if _CONTROL.search(value):
        return "has a line break or control character in its value; remove it"
    return None


def _body(config: Config) -> bytes:
    if config.body_type == "text":
        return as_text(config.content).encode()
    value = config.values if config.content in (None, "") else config.content
    if config.body_type == "json":
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    if not isinstance(value, dict):
        text = "A form body needs an object; the content is something else."
        raise NodeError(ErrorKind.USER, text, code="body_invalid")
    return urlencode(list(_pairs(cast("dict[str, Any]", value)))).encode()


def _refuse_unexpected(config: Config, answer: HttpAnswer) -> None:
    status = str(answer.status)
    if status in config.expected_statuses or f"{status[0]}xx" in config.expected_statuses:
        return
    again = answer.status == 429 or answer.status >= 500
    site = URL(answer.url).origin()
    text = f"{site} answered {status} {answer.reason}".rstrip()
    said = answer.body[:300].decode("utf-8", "replace").strip()
    raise NodeError(
        ErrorKind.UPSTREAM if again else ErrorKind.USER,
        f"{text}: {said}" if said else f"{text}.",
        code="http_status",
    )


TYPE = NodeType(
    kind="http_request",
    title="HTTP request",
    description="Calls another service.",
    group="tools",
    icon="globe",
    keywords=("fetch", "api", "rest", "web", "url", "curl", "webhook", "get", "post", "download", "call"),
    config=Config,
    execute=execute,
    check=_check,
    judge=_judge,
    gives=_gives,
    meant=_meant,
    urls=frozenset({"url"}),
    default_config={"method": "GET", "url": ""},
)
