"""The HTTP side: routes, streaming, and the start and stop of the server."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Self

from aiohttp import web
from pydantic import ValidationError

from watchbill.testing.llm_server import protocol
from watchbill.testing.llm_server.calls import Call, CallLog
from watchbill.testing.llm_server.demo import MODELS, answer_as_demo
from watchbill.testing.llm_server.dialects import Anthropic, Chat, Dialect, Gemini
from watchbill.testing.llm_server.protocol import Answer
from watchbill.testing.llm_server.requests import include_usage, key_of, read_body
from watchbill.testing.llm_server.script import Script, Then
from watchbill.testing.llm_server.wire import EventWriter, play

_NONSENSE = "Purple seventeen, the ladder hums {not: json, either"
_STATUS_TEXT = {
    401: "Incorrect API key provided.",
    429: "Rate limit reached.",
    500: "The server had an error.",
}


class LlmServer:
    """An OpenAI-compatible server on a local port; port 0 picks a free one.

    `token_ms` is the pause between words and `first_token_ms` the one before the first, both in milliseconds.
    With `scriptable` false there are no /_script and /_calls routes, as for the demo provider.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        token_ms: float = 0,
        first_token_ms: float = 0,
        scriptable: bool = True,
    ):
        self.host, self.port = host, port
        self.calls = CallLog()
        self._token_ms, self._first_token_ms = token_ms, first_token_ms
        self._script = Script()
        self._going_on = asyncio.Event()
        # handler_cancellation: a client that hangs up cancels the handler, which is how the log knows.
        self._runner = web.AppRunner(
            self._app(scriptable), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )

    @property
    def base_url(self) -> str:
        """What a provider's base_url must be: `http://host:port/v1`."""
        return f"http://{self.host}:{self.port}/v1"

    def script(self, rules: list[dict[str, Any]]) -> None:
        """Replace the script; an empty list returns to the demo model.

        Raises:
            pydantic.ValidationError: a rule has an unknown or wrong field.
        """
        self._script = Script.model_validate({"rules": rules})
        self._going_on = asyncio.Event()

    def go_on(self) -> None:
        """Let answers that stall say the rest, also those of this script that are still to come there."""
        self._going_on.set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop what is open."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _app(self, scriptable: bool) -> web.Application:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/openai/deployments/{model}/chat/completions", self._complete)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1beta/models/{model}:{verb}", self._generate)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._health)
        if scriptable:
            app.router.add_put("/_script", self._put_script)
            app.router.add_delete("/_script", self._delete_script)
            app.router.add_get("/_calls", self._get_calls)
        return app

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _models(self, _: web.Request) -> web.Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "watchbill"} for name in MODELS]
        return web.json_response({"object": "list", "data": data})

    async def _put_script(self, request: web.Request) -> web.Response:
        try:
            self._script = Script.model_validate(await request.json())
        except (ValidationError, json.JSONDecodeError) as error:
            return web.json_response(protocol.error_body(422, str(error), "script"), status=422)
        return web.json_response({"rules": len(self._script.rules)})

    async def _delete_script(self, _: web.Request) -> web.Response:
        self.reset()
        return web.Response(status=204)

    async def _get_calls(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"total": self.calls.total, "items": [call.model_dump() for call in self.calls]}
        )

    def reset(self) -> None:
        """Forget the script and the calls."""
        self._script = Script()
        self.calls.clear()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, Chat())

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, Anthropic())

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, Gemini())

    async def _take(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        try:
            body = read_body(await request.json(), request)
            call = protocol.read_call(body, key_of(request))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return web.json_response(dialect.error(400, str(error), "bad_request"), status=400)
        await self.calls.open(call)
        then = self._script.take(call) or Then()
        try:
            return await self._answer(request, body, call, then, dialect)
        except (asyncio.CancelledError, ConnectionResetError):
            await self.calls.close(call, "client_closed")
            raise

    async def _answer(
        self, request: web.Request, body: dict[str, Any], call: Call, then: Then, dialect: Dialect
    ) -> web.StreamResponse:
        if then.hang:
            await asyncio.Event().wait()
        await _pause(self._first_token_ms if then.delay_ms is None else then.delay_ms)
        if then.raw is not None:
            response = await play(request, call, then.raw)
            await self.calls.close(call, "completed")
            return response
        if then.status is not None:
            await self.calls.close(call, "failed")
            return _failure(then, then.status, dialect)
        answer = _answer(call, body, then)
        if call.stream if then.wire.stream is None else then.wire.stream:
            return await self._stream(request, body, call, then, answer, dialect)
        words = _words(answer.text)
        await _pause(self._pace(then) * len(words))
        if then.break_after is not None:
            return await self._cut(request, call)
        call.pieces = len(words)
        await self.calls.close(call, "completed")
        told = dialect.whole(call, answer) if then.wire.body is None else then.wire.body
        type_ = then.wire.content_type or "application/json"
        return web.Response(text=json.dumps(told), headers={"Content-Type": type_})

    def _pace(self, then: Then) -> float:
        return self._token_ms if then.token_ms is None else then.token_ms

    async def _stream(
        self,
        request: web.Request,
        body: dict[str, Any],
        call: Call,
        then: Then,
        answer: Answer,
        dialect: Dialect,
    ) -> web.StreamResponse:
        going_on = self._going_on
        type_ = then.wire.content_type or "text/event-stream"
        response = web.StreamResponse(headers={"Content-Type": type_})
        await response.prepare(request)
        writer = EventWriter(response, call, then.wire)
        if then.wire.events is not None:
            for data in then.wire.events:
                await writer.write((then.wire.event_name, data))
        else:
            for event in dialect.opening(call, answer):
                await writer.write(event)
            for word in _words(answer.text):
                if call.pieces == then.break_after:
                    return await self._cut(request, call, response)
                if call.pieces == then.stall_after:
                    await going_on.wait()
                await writer.write(dialect.word(call, answer, word))
                call.pieces += 1
                await self.calls.changed()
                await _pause(self._pace(then))
            asked = isinstance(dialect, Anthropic | Gemini) or include_usage(body)
            counted = answer.usage and asked
            for event in dialect.ending(call, answer, finish=then.wire.finish, usage=counted):
                await writer.write(event)
        for event in dialect.done() if then.wire.done else ():
            await writer.write(event)
        if then.wire.hang:
            await asyncio.Event().wait()
        await response.write_eof()
        await self.calls.close(call, "completed")
        return response

    async def _cut(
        self, request: web.Request, call: Call, response: web.StreamResponse | None = None
    ) -> web.StreamResponse:
        await self.calls.close(call, "broken")
        if request.transport is not None:
            request.transport.abort()
        return response or web.Response(status=500)


def _answer(call: Call, body: dict[str, Any], then: Then) -> Answer:
    scripted = (then.text, then.json_value, then.refusal)
    if then.empty or then.nonsense or then.tool_calls or any(value is not None for value in scripted):
        text = then.text or ("" if then.empty else None)
        text = _NONSENSE if then.nonsense else text
        text = text if then.json_value is None else json.dumps(then.json_value)
        calls = tuple((t.name, _arguments(t.arguments)) for t in then.tool_calls)
        return Answer(text, calls, then.refusal, then.finish_reason, then.usage)
    demo = answer_as_demo(call, body)
    return Answer(demo.text, demo.tool_calls, None, then.finish_reason, then.usage)


def _arguments(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def _failure(then: Then, status: int, dialect: Dialect) -> web.Response:
    message = then.message or _STATUS_TEXT.get(status, f"The server answered {status}.")
    headers = {} if then.retry_after is None else {"Retry-After": str(then.retry_after)}
    told = dialect.error(status, message, then.error_code)
    return web.json_response(told, status=status, headers={**headers, **then.headers})


def _words(text: str | None) -> list[str]:
    """The text in pieces of one word each, white space kept, so that joining them gives the text back."""
    return re.findall(r"\S+\s*|\s+", text or "")


async def _pause(milliseconds: float) -> None:
    if milliseconds > 0:
        await asyncio.sleep(milliseconds / 1000)
