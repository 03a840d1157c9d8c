"""Following an execution: every event once and in order, by SSE and by WebSocket, and only by its tenant."""

from __future__ import annotations

import json

import pytest
import websockets

from tests.core.flows import chain
from tests.e2e.conftest import Tenant, new_tenant
from tests.e2e.flows import ASK, is_token, slow
from tests.people import checked


async def test_a_watcher_that_comes_back_gets_the_rest_once_and_in_order(tenant: Tenant) -> None:
    slow(tenant.server)
    id_ = await tenant.execute(ASK, topic="tides")
    first = await tenant.watch(id_, until=is_token)
    second = await tenant.watch(id_, after=first[-1]["seq"], until=is_token)
    third = await tenant.watch(id_, after=second[-1]["seq"])
    assert [e["seq"] for e in [*first, *second, *third]] == list(range(1, third[-1]["seq"] + 1))
    text = "".join(e["data"]["text"] for e in [*first, *second, *third] if is_token(e))
    assert text.split() == ["word"] * 200


async def test_a_websocket_sends_the_same_events_and_closes(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    url = f"{base_url.replace('http', 'ws')}/api/v1/ws/executions/{id_}"
    headers = {"Authorization": f"Bearer {tenant.token}"}
    async with websockets.connect(url, additional_headers=headers) as socket:
        frames = [json.loads(frame) async for frame in socket]
    assert frames == await tenant.events(id_)
    async with websockets.connect(f"{url}?after={frames[-2]['seq']}", additional_headers=headers) as socket:
        assert [json.loads(frame) async for frame in socket] == frames[-1:]


async def test_a_websocket_without_rights_is_closed_with_the_status(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    url = f"{base_url.replace('http', 'ws')}/api/v1/ws/executions/{id_}"
    async with websockets.connect(url) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401
    async with new_tenant(base_url, tenant.server) as other:
        headers = {"Authorization": f"Bearer {other.token}"}
        async with websockets.connect(url, additional_headers=headers) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4404


async def test_another_tenant_sees_nothing(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    async with new_tenant(base_url, tenant.server) as other:
        for path in ("", "/events", "/logs", "/stream"):
            answer = await other.http.get(f"executions/{id_}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")
        assert (await other.http.post(f"executions/{id_}/cancel")).status_code == 404
        assert checked(await other.http.get("executions"), 200)["items"] == []


async def test_a_stream_of_a_finished_execution_is_its_history(tenant: Tenant) -> None:
    id_ = await tenant.execute(chain(2), topic="x")
    seen = await tenant.watch(id_)
    assert await tenant.watch(id_) == seen
    assert await tenant.watch(id_, after=seen[-1]["seq"] - 1) == seen[-1:]
