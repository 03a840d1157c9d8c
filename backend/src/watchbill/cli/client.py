"""A small client of the API: signs in, stores a flow, runs it, and follows its events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

import aiohttp

# The account of the command line in its own tenant. The domain is reserved and can never get mail.
COMMAND_LINE_EMAIL = "command-line@watchbill.internal"
_TENANT = "Command line"
_ANSWER_SECONDS = 60
# Heartbeats come every 15 seconds.
_SILENCE_SECONDS = 45
_RECONNECTS = 20


class ApiError(RuntimeError):
    """The API refused; the message is the reason it gave, `lines` the same with each field that is wrong."""

    def __init__(self, message: str, *, status: int = 0, fields: list[dict[str, Any]] | None = None):
        super().__init__(message)
        self.status = status
        self.lines = [_field(field) for field in fields or ()] or [message]


class Client:
    """Talks to the API at `url`, with an API key or after signing in. Use it as an async context manager."""

    def __init__(self, url: str, key: str | None = None):
        self._url = f"{url}/api/v1"
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"} if key else None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def sign_in(self, email: str, password: str) -> None:
        """Sign in.

        Raises:
            ApiError: the credentials are wrong, or the API cannot be reached.
        """
        answer = await self.call("POST", "/auth/login", {"email": email, "password": password})
        self._session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    async def sign_in_as_command_line(self, password: str, token: str) -> None:
        """Sign in to the command line's own account; the first time, make it, with the demo provider. `token`
        is what a mailed link would carry.

        Raises:
            ApiError: the account exists with another password, or the API cannot be reached.
        """
        try:
            await self.sign_in(COMMAND_LINE_EMAIL, password)
        except ApiError as error:
            if error.status != 401:
                raise
            form = {"email": COMMAND_LINE_EMAIL, "password": password, "token": token}
            names = {"tenant_name": _TENANT, "full_name": _TENANT}
            answer = await self.call("POST", "/auth/register", form | names)
            self._session.headers["Authorization"] = f"Bearer {answer['access_token']}"
        providers = await self.call("GET", "/llm-providers?limit=1")
        if not providers["items"]:
            await self.call("POST", "/llm-providers/demo")

    async def store_flow(self, name: str, description: str | None, definition: dict[str, Any]) -> str:
        """Store the flow, in place of an earlier one of the same name; returns its id."""
        flow = {"name": name, "description": description, "definition": definition}
        cursor = ""
        while True:
            page = await self.call("GET", f"/flows?limit=100{cursor}")
            for item in page["items"]:
                if item["name"] == name:
                    await self.call("PATCH", f"/flows/{item['id']}", {**flow, "version": item["version"]})
                    return str(item["id"])
            if page["next_cursor"] is None:
                return str((await self.call("POST", "/flows", flow))["id"])
            cursor = f"&cursor={page['next_cursor']}"

    async def execute(self, flow_id: str, inputs: dict[str, Any]) -> str:
        """Start the flow's draft; returns the execution's id."""
        body = {"inputs": inputs, "version": "draft"}
        return str((await self.call("POST", f"/flows/{flow_id}/execute", body))["id"])

    async def cancel(self, execution_id: str) -> None:
        """Cancel an execution."""
        await self.call("POST", f"/executions/{execution_id}/cancel")

    async def execution(self, execution_id: str) -> dict[str, Any]:
        """An execution as it is now."""
        return await self.call("GET", f"/executions/{execution_id}")

    async def follow(self, execution_id: str) -> AsyncGenerator[dict[str, Any]]:
        """Every event once, in order, to the last one; a broken connection is taken up again.

        Raises:
            ApiError: the API stays unreachable, or refuses.
        """
        seen, failures = 0, 0
        while True:
            try:
                async for event in self._stream(execution_id, seen):
                    if event is None:
                        return
                    seen, failures = event["seq"], 0
                    yield event
            except (aiohttp.ClientError, TimeoutError) as error:
                failures += 1
                if failures > _RECONNECTS:
                    raise ApiError(f"The connection to Watchbill is lost: {error}") from error
            await asyncio.sleep(min(0.1 * 2**failures, 2))

    async def _stream(self, execution_id: str, after: int) -> AsyncGenerator[dict[str, Any] | None]:
        """Events of one connection; None when the server says that there are no more."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENCE_SECONDS)
        url = f"{self._url}/executions/{execution_id}/stream?after={after}"
        async with self._session.get(url, timeout=timeout) as answer:
            if answer.status >= 400:
                raise await _refusal(answer)
            rest, kind = b"", ""
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    field, _, value = line.decode().strip("\r").partition(": ")
                    if field == "event":
                        kind = value
                    elif field == "data" and kind == "refused":
                        return  # asking again is told why
                    elif field == "data":
                        yield None if kind == "end" else json.loads(value)

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; returns the parsed answer, or None when it has no body.

        Raises:
            ApiError: the answer is an error, or there is none.
        """
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        try:
            # A key is for this server alone, so nobody may send it on to another.
            async with self._session.request(
                method, f"{self._url}{path}", json=body, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    raise await _refusal(answer)
                return None if answer.status == 204 else await answer.json()
        except (aiohttp.ContentTypeError, ValueError) as error:
            raise ApiError(f"The program that answers at {self._url} is not Watchbill.") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"Watchbill does not answer at {self._url}: {error}") from error


def _field(field: dict[str, Any]) -> str:
    return f"{'.'.join(str(part) for part in field['loc'])}: {field['message']}"


async def _refusal(answer: aiohttp.ClientResponse) -> ApiError:
    problem: dict[str, Any] = {}
    with suppress(ValueError):
        # A proxy's refusal may be a page, or nothing.
        body = await answer.json(content_type=None)
        problem = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    return ApiError(
        problem.get("detail") or f"The API answered {answer.status} {answer.reason}.",
        status=answer.status,
        fields=problem.get("errors"),
    )
