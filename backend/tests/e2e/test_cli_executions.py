"""`watchbill executions` against a real API and worker: what it shows, does, and says when it cannot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.e2e.conftest import Tenant
from tests.e2e.test_control import CHAIN, TWO_QUESTIONS, refuse_then_answer, status
from tests.people import checked
from watchbill.cli.commands import app as commands

Cli = Callable[..., Awaitable[Result]]


async def invoke(*arguments: str, **environment: str) -> Result:
    """Run `watchbill executions` in a thread; the API answers on this one's loop."""
    unset = {"WATCHBILL_API_KEY": None, "WATCHBILL_URL": None}
    return await asyncio.to_thread(
        CliRunner().invoke, commands, ["executions", *arguments], env={**unset, **environment}
    )


@pytest.fixture
async def cli(tenant: Tenant, base_url: str) -> AsyncIterator[Cli]:
    """The command line with a key of the tenant, which it never shows."""
    form = {"name": "cli", "scopes": ["executions:read", "executions:write", "flows:execute"]}
    key = checked(await tenant.http.post("api-keys", json=form), 201)["key"]

    async def run(*arguments: str) -> Result:
        result = await invoke(*arguments, WATCHBILL_API_KEY=key, WATCHBILL_URL=base_url)
        assert key not in result.output
        return result

    yield run


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(result).splitlines()]


async def test_executions_are_listed_and_shown(tenant: Tenant, cli: Cli) -> None:
    tenant.server.script([{"then": {"text": "Tides turn. \x1b[2J"}}])
    flow_id = await tenant.flow(CHAIN)
    ask = {"inputs": {"topic": "tides"}}
    ids = [checked(await tenant.http.post(f"flows/{flow_id}/execute", json=ask), 202)["id"] for _ in "123"]
    other = await tenant.execute(CHAIN, topic="else")
    for id_ in (*ids, other):
        await status(tenant, id_, "completed")
    rows = said(await cli("list")).splitlines()
    assert [row.split()[0] for row in rows] == [other, *reversed(ids)]
    assert " completed " in rows[0] and rows[0].split("  ")[-1].startswith("Flow ")
    of_flow = objects(await cli("list", "--flow", flow_id, "--status", "completed", "--limit", "2", "--json"))
    assert [found["id"] for found in of_flow] == [ids[2], ids[1]]
    assert objects(await cli("list", "--status", "failed", "--json")) == []
    shown = said(await cli("show", ids[0]))
    assert f"{ids[0]}  completed" in shown and "completed" in shown and "1 model calls" in shown
    assert "\x1b" not in shown and '"answer": "Tides turn.' in shown
    (whole,) = objects(await cli("show", ids[0], "--json"))
    assert whole == await tenant.get(ids[0])


async def test_a_failed_execution_is_retried_and_a_part_of_it_forked(
    tenant: Tenant, cli: Cli, tmp_path: Path
) -> None:
    refuse_then_answer(tenant)
    id_ = await tenant.execute(CHAIN, topic="tides")
    await tenant.watch(id_)
    assert "Error " in said(await cli("show", id_))
    hint = await cli("resume", id_)
    assert (hint.exit_code, hint.stdout) == (1, "") and "`retry`" in hint.stderr
    said(await cli("retry", id_))
    await status(tenant, id_, "completed")
    again = await cli("retry", id_)
    assert again.exit_code == 1 and again.stderr.startswith("The execution completed: only one that failed")
    (fork,) = objects(
        await cli("fork", id_, "--from", "ask", "--output", 'before={"value": "edited"}', "--json")
    )
    assert fork["forked_from"] == id_
    assert (await status(tenant, fork["id"], "completed"))["outputs"]["before"] == "edited"
    file = tmp_path / "outputs.yaml"
    file.write_text("before:\n  value: filed\n")
    told = said(await cli("fork", id_, "--from", "ask", "--outputs-file", str(file)))
    new = told.split()[0]
    assert told == f"{new} is a fork of {id_} and will start soon.\n"
    assert (await status(tenant, new, "completed"))["outputs"]["before"] == "filed"
    wrong = await cli("fork", id_, "--from", "nobody")
    assert (wrong.exit_code, wrong.stderr) == (
        1,
        "body.from_node.nobody: The flow has no node `nobody`.\n",
    )
    assert (await cli("fork", id_, "--from", "ask", "-o", "before")).exit_code == 2


async def test_an_execution_is_paused_resumed_and_cancelled(tenant: Tenant, cli: Cli) -> None:
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}, "times": 1}])
    id_ = await tenant.execute(TWO_QUESTIONS, topic="tides")
    await tenant.watch(id_, until=lambda event: event["type"] == "llm_token")
    assert said(await cli("pause", id_)) == f"{id_} is paused.\n"
    tenant.server.go_on()
    await status(tenant, id_, "waiting")
    assert "paused" in said(await cli("show", id_)).splitlines()[0]
    said(await cli("resume", id_))
    await status(tenant, id_, "completed")
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    long = await tenant.execute(CHAIN, topic="tides")
    await tenant.watch(long, until=lambda event: event["type"] == "llm_token")
    assert said(await cli("cancel", long)) == f"{long} is cancelled.\n"
    over = await cli("cancel", long, "--json")
    assert over.exit_code == 1
    assert json.loads(over.stdout)["messages"] == ["The execution is over: it is cancelled."]


async def test_what_is_wrong_is_one_sentence_and_a_code(
    tenant: Tenant, cli: Cli, base_url: str, tmp_path: Path
) -> None:
    async def refused(code: int, *arguments: str, **environment: str) -> str:
        result = await invoke(*arguments, **environment)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        (line,) = result.stderr.splitlines()
        return line

    missing = await cli("show", str(uuid4()))
    assert (missing.exit_code, missing.stderr) == (1, "There is no such execution.\n")
    assert (await cli("show", "nonsense")).exit_code == 2
    assert (await cli("list", "--status", "nonsense")).exit_code == 1
    key = {"WATCHBILL_API_KEY": "wb_secret-key-of-nobody"}
    assert "--key-file" in await refused(2, "list", "--url", base_url)
    assert "key" in await refused(1, "list", "--url", base_url, **key)
    for url in ("watchbill.example", "ftp://x", "http://", "http://a:b@c", "http://x:99999", "http://x/?q"):
        assert await refused(2, "list", "--url", url, **key) == (
            "Give the address of a Watchbill with --url, such as https://watchbill.example."
        )
    nobody = await refused(1, "list", "--url", "http://127.0.0.1:9", **key)
    assert nobody.startswith("Watchbill does not answer at http://127.0.0.1:9/api/v1")
    for content in ("", "two words", "a\nb", "ключ", "x" * 1001):
        file = tmp_path / "key"
        file.write_text(content)
        line = await refused(2, "list", "--url", base_url, "--key-file", str(file))
        assert line == f"{file} has no API key: a key is one word."
    assert "cannot be read" in await refused(2, "list", "--key-file", str(tmp_path / "none"))


async def test_a_key_is_read_from_a_file_and_not_sent_on(
    tenant: Tenant, base_url: str, tmp_path: Path
) -> None:
    form = {"name": "cli", "scopes": ["executions:read"]}
    key = checked(await tenant.http.post("api-keys", json=form), 201)["key"]
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    id_ = await tenant.execute(CHAIN, topic="tides")
    assert id_ in said(await invoke("list", "--url", f"{base_url}/", "--key-file", str(file)))
    refused = await invoke("cancel", id_, "--url", base_url, "--key-file", str(file))
    assert refused.exit_code == 1 and "executions:write" in refused.stderr
    heard: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        where = b"Location: http://localhost:%d/other\r\n" % port
        writer.write(b"HTTP/1.1 302 Found\r\n" + where + b"Content-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        result = await invoke("list", "--url", f"http://127.0.0.1:{port}", "--key-file", str(file))
    assert (result.exit_code, result.stderr) == (1, "The API answered 302 Found.\n")
    assert len(heard) == 1
