"""Executions whose documents are in MongoDB, over HTTP with a real worker, and while MongoDB is away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from tests.core.flows import edge, flow, input_node, llm, output, transform
from tests.e2e.conftest import Tenant, Worker, new_tenant, serving
from tests.mongodb import mongo_server
from tests.people import checked, refused
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.core.tenancy import TenantScope
from watchbill.testing.llm_server import LlmServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mongodb")]

LARGE = "x" * 100_000
FLOW = flow(
    [
        input_node("topic"),
        transform("large", f"{{{{ '{LARGE[:5_000]}' + inputs.topic }}}}"),
        llm("ask", "Say something."),
        output(answer="{{ nodes.ask.output }}", size="{{ size(nodes.large.output.value) }}"),
    ],
    [edge("in", "large"), edge("large", "ask"), edge("ask", "out")],
)


async def test_documents_in_mongodb(settings: Settings, llm_server: LlmServer, tmp_path: Path) -> None:
    with mongo_server() as mongodb:
        url = mongodb.url("e2e", milliseconds=5_000)
        app = create_app(settings.model_copy(update={"mongo_url": SecretStr(url)}))
        worker = Worker(settings, tmp_path / "worker.log")
        await worker.start(WATCHBILL_MONGO_URL=url)
        try:
            async with (
                app.router.lifespan_context(app),
                serving(app) as base_url,
                new_tenant(base_url, llm_server) as tenant,
            ):
                llm_server.script([{"then": {"text": "Tides turn."}}] * 3)
                scope = TenantScope(UUID(checked(await tenant.http.get("tenant"))["id"]))
                first = await _seen_in_mongodb(tenant)
                documents = app.state.executions.documents
                assert len(await documents.remains(scope)) == 3
                async with app.state.database.transaction(scope) as work:
                    rows = await work.session.connection()
                    found = await rows.exec_driver_sql("SELECT count(*) FROM documents")
                    assert found.scalar_one() == 0
                await asyncio.to_thread(mongodb.stop)
                second = await _goes_on_without(tenant, first)
                await asyncio.to_thread(mongodb.start)
                await _catches_up(tenant, second)
                slug = checked(await tenant.http.get("tenant"))["slug"]
                checked(await tenant.http.delete("tenant", params={"confirm": slug}), 204)
                assert await documents.remains(scope) == []
        finally:
            await worker.stop()
        assert "execution_crashed" not in worker.log()


async def _seen_in_mongodb(tenant: Tenant) -> str:
    id_ = await tenant.execute(FLOW, topic=LARGE)
    seen = await tenant.watch(id_)
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    assert await tenant.events(id_) == seen
    logs = checked(await tenant.http.get(f"executions/{id_}/logs"))["items"]
    assert {"llm_started", "llm_completed"} <= {event["type"] for event in logs}
    (exchange,) = checked(await tenant.http.get(f"executions/{id_}/exchanges"))["items"]
    assert exchange["answer"]["text"] == "Tides turn."
    found = await tenant.get(id_)
    assert found["outputs"] == {"answer": "Tides turn.", "size": 105_000}
    assert len(_node(found, "large")["output"]["value"]) == 105_000
    return id_


async def _goes_on_without(tenant: Tenant, first: str) -> str:
    """MongoDB is away: small executions end, what is there can be seen, and what cannot be had is said."""
    second = await tenant.execute(FLOW, topic="small")
    seen = await tenant.watch(second)
    assert seen[-1]["type"] == "execution_completed"
    found = await tenant.get(first)
    assert (found["status"], found["outputs"]["size"]) == ("completed", 105_000)
    assert _node(found, "large")["output"] is None
    assert (await tenant.watch(first))[-1]["type"] == "execution_completed"
    for page in ("events", "logs", "exchanges"):
        refused(await tenant.http.get(f"executions/{first}/{page}"), 503, "documents_unavailable")
    fork = await tenant.http.post(f"executions/{first}/fork", json={"from_node": "ask"})
    refused(fork, 503, "documents_unavailable")
    health = checked(await tenant.http.get(f"{tenant.http.base_url.copy_with(path='/health/ready')}"))
    assert health["checks"]["documents"] == "failing"
    return second


async def _catches_up(tenant: Tenant, second: str) -> None:
    """MongoDB is back: the trace that waited is written, and large outputs too."""
    third = await tenant.execute(FLOW, topic=LARGE)
    assert (await tenant.watch(third))[-1]["type"] == "execution_completed"
    assert (await tenant.get(third))["outputs"]["size"] == 105_000
    async with asyncio.timeout(120):
        while True:
            page = await tenant.http.get(f"executions/{second}/events")
            seqs = [event["seq"] for event in page.json().get("items", [])]
            if seqs and seqs == list(range(1, seqs[-1] + 1)):
                return
            await asyncio.sleep(0.1)


def _node(found: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(node for node in found["nodes"] if node["node_id"] == id_)
