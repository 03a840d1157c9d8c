"""Every error answer: application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from watchbill.api.context import request_id
from watchbill.api.methods import is_named, methods_of
from watchbill.core.errors import FieldError, TooManyRequests, Unavailable, WatchbillError
from watchbill.core.ports.documents import DocumentsUnavailable
from watchbill.kit.database.paging import BadCursor
from watchbill.kit.database.transactions import DatabaseBusy, DatabaseUnavailable, OwnTurnsTaken

logger = structlog.get_logger(__name__)

# After which a database that has too much to do may have less.
_BUSY_SECONDS = 5
_CODES = {404: "not_found", 400: "malformed_body"}


class ProblemField(BaseModel):
    """One wrong field: where it is, a code for programs, a sentence for people."""

    loc: list[str | int]
    code: str
    message: str


class ProblemDetails(BaseModel):
    """What went wrong. Programs go by `code`, which does not change; `detail` is for people; search the logs
    for `request_id`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] | None = None
    request_id: str


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer for an error."""
    fields = [ProblemField(loc=list(item.loc), code=item.code, message=item.message) for item in errors]
    body = ProblemDetails(
        title=title, status=status, detail=detail, code=code, errors=fields or None, request_id=request_id()
    )
    return ProblemResponse(body.model_dump(exclude_none=True), status, headers)


def from_error(error: WatchbillError) -> Response:
    """The answer for one of our errors."""
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.status, error.error_code, error.title, error.detail, errors=error.errors, headers=headers
    )


def internal_error() -> Response:
    """The answer for a bug: nothing of its inside, but the id that finds it in the logs."""
    text = "Something went wrong in Watchbill. Its logs say more: search for the request id."
    return problem(500, "internal_error", "Internal error", text)


def install(app: FastAPI) -> None:
    """Make the app answer every error this way."""
    app.add_exception_handler(WatchbillError, _watchbill_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(BadCursor, _bad_cursor)
    app.add_exception_handler(DatabaseUnavailable, _database_unavailable)
    app.add_exception_handler(DocumentsUnavailable, _documents_unavailable)
    app.add_exception_handler(HTTPException, _http_error)


async def _watchbill_error(_request: Request, error: Exception) -> Response:
    return from_error(cast("WatchbillError", error))


async def _bad_cursor(_request: Request, error: Exception) -> Response:
    field = FieldError(("query", "cursor"), "bad_cursor", str(error))
    return problem(422, "invalid_input", "The request is not valid", str(error), errors=[field])


async def _database_unavailable(_request: Request, error: Exception) -> Response:
    if not isinstance(error, DatabaseBusy):
        return from_error(Unavailable(str(error), code="database_unavailable"))
    if isinstance(error, OwnTurnsTaken):
        return from_error(
            TooManyRequests(str(error), retry_after=_BUSY_SECONDS, code="too_many_at_once"),
        )
    answer = from_error(Unavailable(str(error), code="database_busy"))
    answer.headers["Retry-After"] = str(_BUSY_SECONDS)
    return answer


async def _documents_unavailable(_request: Request, error: Exception) -> Response:
    logger.warning("documents_unavailable", reason=str(error))
    text = "The store of logs, exchanges and large outputs does not answer. Try again in a moment."
    return from_error(Unavailable(text, code="documents_unavailable"))


async def _validation_error(request: Request, error: Exception) -> Response:
    items = cast("list[dict[str, Any]]", cast("RequestValidationError", error).errors())[:100]
    if any(item["loc"][0] == "path" for item in items) and is_named(request):
        return _wrong_method(request)
    # A parameter that two parts of a route take is wrong in both.
    fields = list(
        dict.fromkeys(FieldError(tuple(item["loc"]), item["type"], _sentence(item)) for item in items)
    )
    detail = "; ".join(f"{'.'.join(map(str, field.loc))}: {field.message}" for field in fields[:3])
    return problem(422, "invalid_input", "The request is not valid", detail, errors=fields)


async def _http_error(request: Request, error: Exception) -> Response:
    http = cast("HTTPException", error)
    if http.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _wrong_method(request)
    title = HTTPStatus(http.status_code).phrase
    code = _CODES.get(http.status_code, title.lower().replace(" ", "_"))
    headers = dict(http.headers) if http.headers else None
    return problem(http.status_code, code, title, str(http.detail), headers=headers)


def _wrong_method(request: Request) -> Response:
    allowed = ", ".join(methods_of(request))
    detail = f"This address takes {allowed}."
    return problem(405, "method_not_allowed", "Method Not Allowed", detail, headers={"Allow": allowed})


def _sentence(item: dict[str, Any]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
