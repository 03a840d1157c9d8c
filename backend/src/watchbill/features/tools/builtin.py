"""Tools that come with Watchbill: each is a line of the table at the end, settings, and a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from watchbill.core.computing_budget import OverBudget, quick
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError
from watchbill.core.expressions.expression import parse
from watchbill.core.json.text import NotExact, read_exactly
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.ports.http import HttpAnswer, HttpClient, HttpRequest
from watchbill.core.tenancy import TenantScope
from watchbill.nodes.http_request import parsed

READ_JOB = "page.read"
_MOST_BYTES = 4 * 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_MOST_CHARACTERS = 20_000
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=2000)]


class Settings(BaseModel):
    """Settings of a builtin tool that has none."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What builtin tools work with."""

    scope: TenantScope
    http: HttpClient
    compute: Compute
    key: str = ""


Work = Callable[[Surroundings, Any, Mapping[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A builtin tool. `work` gets arguments that satisfy the input schema."""

    name: str
    title: str
    description: str
    icon: str
    input_schema: dict[str, Any]
    work: Work
    settings: type[BaseModel] = Settings


async def _calculate(_: Surroundings, __: Any, given: Mapping[str, Any]) -> Any:
    try:
        return parse(given["expression"]).evaluate({}, quick())
    except ExpressionError as error:
        raise NodeError(ErrorKind.USER, error.message, code=error.code) from error
    except OverBudget as error:
        raise NodeError(
            ErrorKind.LIMIT, f"This is too much to calculate. {error}", code="too_much"
        ) from error


async def _tell_time(_: Surroundings, __: Any, given: Mapping[str, Any]) -> Any:
    zone = given.get("zone") or "UTC"
    try:
        now = datetime.now(UTC).astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        text = f"There is no time zone `{zone[:100]}`. Write one such as `Europe/Berlin`."
        raise NodeError(ErrorKind.USER, text, code="unknown_zone") from error
    moment = now.isoformat(timespec="seconds")
    return {"time": moment, "date": moment[:10], "weekday": now.strftime("%A"), "zone": zone}


class HttpSettings(Settings):
    """What an HTTP request tool may do."""

    methods: list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]] = Field(
        default=["GET"], min_length=1, title="Methods", description="What the caller may use."
    )
    base_url: Address | None = Field(
        default=None,
        title="Base URL",
        description="Addresses must begin with it. Without one, any address outside is allowed.",
    )


async def _request(around: Surroundings, settings: HttpSettings, given: Mapping[str, Any]) -> Any:
    method = given.get("method", "GET")
    if method not in settings.methods:
        text = f"This tool may use {', '.join(settings.methods)}, not {method}."
        raise NodeError(ErrorKind.USER, text, code="method_refused")
    url = str(given["url"]).strip()
    if settings.base_url is not None and not _below(url, settings.base_url):
        text = f"This tool may only call addresses that begin with {settings.base_url}."
        raise NodeError(ErrorKind.USER, text, code="address_refused")
    headers = {str(name).lower(): str(value) for name, value in given.get("headers", {}).items()}
    body = None if given.get("body") is None else str(given["body"]).encode()
    if method != "GET":
        headers.setdefault("idempotency-key", around.key)
    # Elsewhere than where it may call, an answer is not wanted.
    follow = settings.base_url is None
    request = HttpRequest(method, url, headers, body, _TIMEOUT_SECONDS, _MOST_BYTES, follow)
    answer = await around.http.send(request)
    return {"status": answer.status, "url": answer.url, "body": _read(answer)}


def _below(url: str, base: str) -> bool:
    """Whether the address is the base, or behind it on the same site: `https://a.example.evil` is not behind
    `https://a.example`."""
    base = base.rstrip("/")
    path = unquote(url[len(base) :].partition("?")[0]).replace("\\", "/")
    if any(part in (".", "..") for part in path.split("/")):
        return False
    return url == base or url.startswith((f"{base}/", f"{base}?"))


def _read(answer: HttpAnswer) -> Any:
    kind = answer.headers.get("content-type", "")
    try:
        return parsed(kind, answer.body)
    except NotExact:
        return parsed(kind, answer.body, "text")


async def _fetch_page(around: Surroundings, _: Any, given: Mapping[str, Any]) -> Any:
    url = str(given["url"]).strip()
    request = HttpRequest("GET", url, {"accept": "text/html, text/*;q=0.9"}, None, 30.0, _MOST_BYTES)
    answer = await around.http.send(request)
    if answer.status >= 400:
        kind = ErrorKind.UPSTREAM if answer.status == 429 or answer.status >= 500 else ErrorKind.USER
        text = f"{answer.url} answered {answer.status} {answer.reason}.".replace(" .", ".")
        raise NodeError(kind, text, code="http_status")
    body = parsed(answer.headers.get("content-type", ""), answer.body, "text")
    if not isinstance(body, str):
        text = f"{answer.url} is no page with text."
        raise NodeError(ErrorKind.USER, text, code="no_text")
    most = int(given.get("max_characters", _MOST_CHARACTERS))
    try:
        page = await around.compute.run(around.scope, READ_JOB, {"html": body})
    except ComputeLimit as error:
        raise NodeError(
            ErrorKind.LIMIT, f"The page cannot be read. {error.detail}", code="page_limit"
        ) from error
    found = str(page["text"])
    return {
        "url": answer.url,
        "title": page["title"],
        "text": found[:most],
        "is_complete": len(found) <= most,
    }


class SearchSettings(Settings):
    """Who is asked."""

    address: Address = Field(
        title="SearXNG address",
        description="A SearXNG server that answers in JSON, such as https://search.example.com.",
    )


async def _search_web(around: Surroundings, settings: SearchSettings, given: Mapping[str, Any]) -> Any:
    query = urlencode({"q": given["query"], "format": "json"})
    url = f"{settings.address.rstrip('/')}/search?{query}"
    request = HttpRequest("GET", url, {"accept": "application/json"}, None, 30.0, _MOST_BYTES)
    answer = await around.http.send(request)
    if answer.status != 200:
        again = answer.status == 429 or answer.status >= 500
        text = f"The search server answered {answer.status}. It must allow the format `json`."
        raise NodeError(ErrorKind.UPSTREAM if again else ErrorKind.USER, text, code="search_failed")
    try:
        said = read_exactly(answer.body.decode())
    except ValueError as error:
        text = "The search server did not answer in JSON. Check its address."
        raise NodeError(ErrorKind.UPSTREAM, text, code="search_failed") from error
    listed = cast("Mapping[str, Any]", said).get("results") if isinstance(said, Mapping) else None
    found = cast("list[Any]", listed) if isinstance(listed, list) else []
    results = [_result(cast("Mapping[str, Any]", one)) for one in found if isinstance(one, Mapping)]
    return {"results": results[: int(given.get("count", 10))]}


def _result(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(one.get("title") or "")[:500],
        "url": str(one.get("url") or "")[:2000],
        "text": str(one.get("content") or "")[:2000],
    }


def _object(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _text(description: str, most: int = 10_000, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": description, **more}


BUILTINS: Mapping[str, Builtin] = {
    one.name: one
    for one in (
        Builtin(
            "web_search",
            "Web search",
            "Searches the web by a SearXNG server, and gives titles, addresses and summaries.",
            "search",
            _object(
                ["query"],
                query=_text("What to search for.", 1000),
                count={"type": "integer", "minimum": 1, "maximum": 50, "description": "How many results."},
            ),
            _search_web,
            SearchSettings,
        ),
        Builtin(
            "website_fetch",
            "Website fetch",
            "Fetches a page and gives its readable text, without menus and advertisements.",
            "file-text",
            _object(
                ["url"],
                url=_text("The page's address.", 8000),
                max_characters={"type": "integer", "minimum": 100, "maximum": 200_000},
            ),
            _fetch_page,
        ),
        Builtin(
            "http_request",
            "HTTP request",
            "Calls an address and gives the status and the body.",
            "globe",
            _object(
                ["url"],
                url=_text("The address.", 8000),
                method={"type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                headers={"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 50},
                body={"type": "string", "maxLength": 1_000_000, "description": "The body as text."},
            ),
            _request,
            HttpSettings,
        ),
        Builtin(
            "calculator",
            "Calculator",
            "Evaluates an arithmetic expression, such as (3 + 4) * 1.5.",
            "calculator",
            _object(["expression"], expression=_text("The expression.", 2000)),
            _calculate,
        ),
        Builtin(
            "date_time",
            "Date and time",
            "Tells the date, the time and the day of the week, in a time zone.",
            "clock",
            _object([], zone=_text("A time zone such as Europe/Berlin. UTC by default.", 100)),
            _tell_time,
        ),
    )
}
