"""HTTP request: one call to another service, and its answer as the node's output."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from yarl import URL

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.template import as_text
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.http import HttpAnswer, HttpRequest

MAX_BYTES = 4 * 1024 * 1024
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
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)

Expected = Annotated[str, StringConstraints(pattern=r"^[1-5](xx|[0-9]{2})$")]
_TEMPLATES: dict[str, JsonValue] = {"format": "template-map"}


class Config(BaseModel):
    """What is called, and which answers are good."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = Field("GET", title="Method")
    url: str = Field(
        min_length=1,
        max_length=8000,
        title="URL",
        json_schema_extra={"format": "template"},
    )
    query: dict[str, Any] = Field(
        default={},
        max_length=100,
        title="Query",
        description="Added to the URL; a list becomes one parameter for each item.",
        json_schema_extra=_TEMPLATES,
    )
    headers: dict[str, Any] = Field(default={}, max_length=100, title="Headers", json_schema_extra=_TEMPLATES)
    body_type: Literal["none", "json", "form", "text"] = Field("none", title="Body")
    values: dict[str, Any] = Field(
        default={},
        max_length=200,
        title="Body values",
        description="The fields of a JSON or form body.",
        json_schema_extra=_TEMPLATES,
    )
    content: Any = Field(
        None,
        title="Body content",
        description="A text body, or a JSON value or one expression that is sent instead of the values.",
        json_schema_extra={"format": "template"},
    )
    timeout_seconds: float = Field(30, gt=0, le=3600, title="Time-out in seconds")
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
        NodeError: upstream for 429 and 5xx, user for other statuses that are not expected, and what
            core.ports.http raises.
    """
    config: Config = context.config
    headers, body = _headers(config.headers), _body(config)
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
    answer = await context.http.send(request)
    _refuse_unexpected(config, answer)
    output = {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": parsed(answer.headers.get("content-type", ""), answer.body),
        "url": answer.url,
    }
    return NodeResult(output)


def parsed(content_type: str, body: bytes) -> Any:
    """The body as JSON, as text, or as {content_type, base64} where it is neither; None when it is empty.
    JSON that cannot be read is given as text."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return None
    charset = _CHARSET.search(content_type)
    is_json = kind == "application/json" or kind.endswith("+json")
    if is_json or kind.startswith("text/") or kind.endswith(("xml", "/javascript", "x-www-form-urlencoded")):
        text = _decoded(body, charset[1] if charset else "utf-8")
        return _json_or_text(text) if is_json else text
    try:
        return body.decode() if not kind else _binary(kind, body)
    except UnicodeDecodeError:
        return _binary("application/octet-stream", body)


def _binary(kind: str, body: bytes) -> dict[str, str]:
    return {"content_type": kind, "base64": base64.b64encode(body).decode()}


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:  # a character set that nobody knows
        return body.decode("utf-8", "replace")


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return text


def _url(config: Config) -> str:
    """The address as it was written, with the query behind its own."""
    address, _, _ = config.url.strip().partition("#")
    pairs = _pairs(config.query)
    if not pairs:
        return address
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    try:
        return address + joint + urlencode(pairs, quote_via=quote, safe="")
    except UnicodeEncodeError as error:
        text = "A value of the query holds half of a character (a lone surrogate)."
        raise NodeError(ErrorKind.USER, text, code="url_invalid") from error


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and text for each value; a list has several, null has none."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        items = value if isinstance(value, list) else [] if value is None else [value]
        pairs += [(name, as_text(item)) for item in items]
    return pairs


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in given.items():
        text = as_text(value).strip()
        why = None
        if not _TOKEN.fullmatch(name):
            why = "is not a header name"
        elif name.lower() in _RESERVED:
            why = "is set by Watchbill; remove it"
        elif _CONTROL.search(text):
            why = "has a line break or control character in its value"
        if why:
            raise NodeError(ErrorKind.USER, f"The header `{name[:100]}` {why}.", code="header_invalid")
        headers[name.lower()] = text
    return headers


def _body(config: Config) -> bytes | None:
    if config.body_type == "none":
        return None
    if config.body_type == "text":
        return as_text(config.content).encode(errors="replace")
    value = config.values if config.content in (None, "") else config.content
    if config.body_type == "json":
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
    if not isinstance(value, dict):
        text = "A form body needs an object; the content is something else."
        raise NodeError(ErrorKind.USER, text, code="body_invalid")
    return urlencode(_pairs(value)).encode()


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
    config=Config,
    execute=execute,
    urls=frozenset({"url"}),
    default_config={"method": "GET", "url": ""},
)
