"""What nodes exchange with the world, and questions by mail: over HTTP with a real worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid4

from fastapi import FastAPI

from tests.core.flows import edge, flow, input_node, llm, node, output
from tests.e2e.conftest import Tenant
from tests.mails import mailed_link, mails_to, token_of
from tests.people import checked
from watchbill.core.ports.documents import DocumentStore
from watchbill.core.tenancy import TenantScope

KEY = "sk-e2e-secret-4242"
AGENT = {"role": "Writer", "goal": "Write", "backstory": "A writer."}
TASK = {"description": "Write about {{ inputs.topic }}", "expected_output": "A line"}
NODES = [
    llm("ask", "About {{ inputs.topic }}", retry={"max_attempts": 2, "backoff_seconds": 0}),
    node("team", "agent", {"agent": AGENT, "task": TASK}),
]
BOTH = flow(
    [input_node("topic"), *NODES, output(answer="{{ nodes.team.output }}")],
    [edge(a, b) for a, b in pairwise(["in", "ask", "team", "out"])],
)


async def test_models_answers_are_kept_also_those_to_crews(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"status": 500}, "times": 1}, {"then": {"text": f"Tides: {KEY}."}}])
    id_ = await tenant.execute(BOTH, topic="tides")
    await tenant.watch(id_)
    path = f"executions/{id_}/exchanges"
    items = checked(await tenant.http.get(path))["items"]
    seen = [(one["node_id"], one["attempt"], one["kind"], one["answer"] is None) for one in items]
    assert seen == [("ask", 1, "llm", True), ("ask", 2, "llm", False), ("team", 1, "llm", False)]
    assert items[0]["error"]["kind"] == "upstream" and items[0]["digest"] == items[1]["digest"]
    assert items[1]["request"]["messages"] == [{"role": "user", "content": "About tides"}]
    assert items[2]["request"]["agent"] and items[2]["answer"]["text"] == "Tides: [hidden]."
    assert items[2]["answer"]["usage"]["total_tokens"] > 0
    assert KEY not in str(items)

    only = checked(await tenant.http.get(path, params={"node_id": "team"}))["items"]
    assert only == items[2:]
    first = checked(await tenant.http.get(path, params={"limit": 2}))
    assert first["items"] == items[:2]
    rest = checked(await tenant.http.get(path, params={"after": first["next_after"]}))
    assert rest == {"items": items[2:], "next_after": None}
    assert (await tenant.http.get(path, params={"node_id": "\x00"})).status_code == 422
    assert (await tenant.http.get(f"executions/{uuid4()}/exchanges")).status_code == 404


async def test_a_prompt_that_is_not_kept_any_more_is_missing_and_says_so(
    tenant: Tenant, app: FastAPI
) -> None:
    """Exchanges refer to the trace for it, and another event in its place is not taken for it."""
    id_ = await tenant.execute(BOTH, topic="tides")
    await tenant.watch(id_)
    path = f"executions/{id_}/exchanges"
    before = checked(await tenant.http.get(path))["items"]
    assert [one["cut"] for one in before] == [False, False]
    documents: DocumentStore = app.state.executions.documents
    scope = TenantScope(UUID(checked(await tenant.http.get("tenant"))["id"]))
    [first, _] = await documents.read(scope, "execution_logs", id_, types=["llm_started"])
    await documents.delete(scope, "execution_logs", id_)
    another = {**first.body, "data": {**first.body["data"], "call_id": "of another"}}
    await documents.append(scope, "execution_logs", [(id_, replace(first, body=another))])
    after = checked(await tenant.http.get(path))["items"]
    assert [(one["request"]["messages"], one["cut"]) for one in after] == [(None, True)] * 2
    assert [one["digest"] for one in after] == [one["digest"] for one in before]


async def test_a_question_reaches_people_by_mail_and_their_answer_the_execution(
    tenant: Tenant, app: FastAPI
) -> None:
    ask = node("ask", "approval", {"title": "Send {{ inputs.topic }}?", "notify": ["{{ inputs.who }}"]})
    definition = flow(
        [input_node("topic", "who"), ask, output("yes", by="{{ nodes.ask.output.by }}"), output("no", by="")],
        [edge("in", "ask"), edge("ask", "yes", "approved"), edge("ask", "no", "rejected")],
    )
    me = checked(await tenant.http.get("auth/me"))["user"]["email"]
    id_ = await tenant.execute(definition, topic="it", who=me)
    async with asyncio.timeout(60):
        while not mails_to(app, me):  # noqa: ASYNC110  # a folder, which a worker fills
            await asyncio.sleep(0.05)
    link = mailed_link(app, me)
    assert "/answer/#token=" in link
    tenant.http.headers.pop("Authorization")
    form = {"token": token_of(link), "approved": True}
    assert checked(await tenant.http.post("mailed-approvals", json={"token": form["token"]}))["email"] == me
    checked(await tenant.http.post("mailed-approvals/answer", json=form), 204)
    tenant.http.headers["Authorization"] = f"Bearer {tenant.token}"
    assert (await tenant.watch(id_))[-1]["type"] == "execution_completed"
    assert (await tenant.get(id_))["outputs"] == {"by": me}
