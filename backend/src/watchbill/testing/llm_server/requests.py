"""Requests of every protocol, brought into OpenAI's shape to be matched, logged and answered."""

from __future__ import annotations

from typing import Any, cast

from aiohttp import web


def read_body(body: Any, request: web.Request) -> dict[str, Any]:
    """The body as a chat completion's.

    Raises:
        ValueError: it is no object.
    """
    if not isinstance(body, dict):
        raise ValueError("A request is a JSON object.")
    fields = cast("dict[str, Any]", body)
    model = request.match_info.get("model")
    if "contents" in fields:
        verb = request.match_info.get("verb", "")
        return {
            "model": model,
            "messages": _of_gemini(fields),
            "stream": verb.startswith("stream"),
            "tools": _tools(_declared(fields)),
        }
    tools: list[dict[str, Any]] = fields.get("tools") or []
    if tools and "function" not in tools[0]:
        fields = {**fields, "tools": _tools(tools)}
    return {"model": model, **fields} if model else fields


def key_of(request: web.Request) -> str | None:
    """The API key, wherever the protocol puts it."""
    headers = request.headers
    for name in ("Authorization", "x-api-key", "api-key", "x-goog-api-key"):
        if headers.get(name):
            return headers[name]
    return request.query.get("key")


def include_usage(body: dict[str, Any]) -> bool:
    """Whether a chat completion's stream shall count tokens."""
    options: dict[str, Any] = body.get("stream_options") or {}
    return bool(options.get("include_usage"))


def _of_gemini(body: dict[str, Any]) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = body["contents"]
    return [{"role": each.get("role", "user"), "content": each.get("parts") or []} for each in contents]


def _declared(body: dict[str, Any]) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = []
    tools: list[dict[str, Any]] = body.get("tools") or []
    for tool in tools:
        declared += tool.get("function_declarations") or tool.get("functionDeclarations") or []
    return declared


def _tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": tool["name"]}} for tool in tools]
