"""A tenant that uses Watchbill over HTTP, and the LLM server's script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp

from bench import flows
from bench.stack import Stack

Json = dict[str, Any]
MODEL = "bench-model"


class Refused(RuntimeError):
    """An answer that is not what was asked for, with its status and code where it is one of HTTP."""

    def __init__(self, text: str, status: int = 0, code: str = ""):
        super().__init__(text)
        self.status = status
        self.code = code


class Tenant:
    """A new tenant with one provider that leads to the LLM server."""

    def __init__(self, http: aiohttp.ClientSession, stack: Stack, token: str):
        self._http = http
        self._stack = stack
        self.token = token

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """The JSON of a successful answer."""
        return await _json(
            self._http, method, f"{self._stack.api_url}/api/v1/{path}", body, _bearer(self.token)
        )

    async def flow(self, definition: Json) -> str:
        """Store a flow; returns its id."""
        form = {"name": f"Flow {uuid4().hex[:6]}", "definition": definition}
        return (await self.call("POST", "flows", form))["id"]

    async def execute(self, flow_id: str) -> str:
        """Start an execution; returns its id."""
        form = {"inputs": {"topic": "tides"}}
        return (await self.call("POST", f"flows/{flow_id}/execute", form))["id"]

    async def result(self, flow_id: str) -> Json:
        """Start an execution and wait for it in the same call."""
        form = {"inputs": {"topic": "tides"}, "options": {"wait_seconds": 60}}
        return await self.call("POST", f"flows/{flow_id}/execute", form)

    async def finish(self, execution_id: str) -> None:
        """Follow an execution to its end by SSE.

        Raises:
            Refused: it did not complete.
        """
        url = f"{self._stack.api_url}/api/v1/executions/{execution_id}/stream"
        last = b""
        async with self._http.get(url, headers=_bearer(self.token)) as answer:
            async for line in answer.content:
                if line.startswith(b"event: execution_"):
                    last = line.strip()
                elif line.startswith(b"event: end"):
                    break
        if last != b"event: execution_completed":
            raise Refused(f"execution {execution_id}: {last.decode()}")

    async def events(self, execution_id: str) -> list[Json]:
        """Every event from the stores."""
        found: list[Json] = []
        following: int | None = 0
        while following is not None:
            page = await self.call("GET", f"executions/{execution_id}/events?after={following}&limit=200")
            found += page["items"]
            following = page["next_after"]
        return found

    async def script(self, **then: Any) -> None:
        """How the LLM server answers from now on; forgets the calls so far."""
        url = f"{self._stack.llm_url}/_script"
        await _json(self._http, "DELETE", url, None, {})
        await _json(self._http, "PUT", url, {"rules": [{"then": then}]}, {})

    async def llm_calls(self) -> int:
        """How many calls the LLM server got since the script was set."""
        return (await _json(self._http, "GET", f"{self._stack.llm_url}/_calls", None, {}))["total"]


@asynccontextmanager
async def new_tenant(stack: Stack) -> AsyncIterator[Tenant]:
    """Sign up and add the provider."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        person = {
            "email": f"{uuid4().hex}@example.com",
            "password": "correct horse battery",
            "tenant_name": "Bench",
        }
        url = f"{stack.api_url}/api/v1/auth/register"
        tenant = Tenant(http, stack, (await _json(http, "POST", url, person, {}))["access_token"])
        http.cookie_jar.clear()
        provider = {
            "name": "Scripted",
            "provider_type": "openai_compatible",
            "base_url": f"{stack.llm_url}/v1",
            "api_key": "sk-bench",
            "models": [MODEL],
        }
        await tenant.call("POST", "llm-providers", provider)
        yield tenant


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _json(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str],
) -> Json:
    async with http.request(method, url, json=body, headers=headers) as answer:
        text = await answer.text()
        if not answer.ok:
            told = json.loads(text) if answer.content_type == "application/problem+json" else {}
            refusal = f"{method} {url}: {answer.status} {text[:500]}"
            raise Refused(refusal, answer.status, str(told.get("code", "")))
        return json.loads(text) if text else {}


async def warm_up(stack: Stack) -> None:
    """Let the worker finish loading its libraries: no figure is about the seconds after a start."""
    async with new_tenant(stack) as tenant:
        await tenant.script(text="Warm.")
        for definition in (flows.agent(), flows.questions(1)):
            await tenant.finish(await tenant.execute(await tenant.flow(definition)))
