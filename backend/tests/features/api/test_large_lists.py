"""Lists and exports hold little of what executions got and gave."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from uuid import UUID, uuid4

from fastapi import FastAPI

from tests.features.notifications.test_notifications import start
from tests.people import Person, checked
from watchbill.features.approvals.tables import Approval
from watchbill.features.executions.tables import Execution


async def many(admin: Person, app: FastAPI, count: int, size: int) -> list[UUID]:
    """Executions of one flow which gave so many characters each, and in each an open question as long."""
    first = UUID(await start(admin))
    ids: list[UUID] = []
    async with app.state.database.transaction(admin.scope) as work:
        original = await work.session.get_one(Execution, first)
        for _ in range(count):
            copy = Execution(
                id=uuid4(),
                flow_id=original.flow_id,
                plan_digest=original.plan_digest,
                status="running",
                inputs={"topic": "x" * size},
                outputs={"text": "x" * size},
            )
            work.session.add(copy)
            await work.session.flush()
            ids.append(copy.id)
            asked = {"title": "May I?", "details": "x" * size, "role": "member", "fields": []}
            work.session.add(Approval(id=uuid4(), execution_id=copy.id, node_id="ask", **asked))
    return ids


async def test_lists_hold_none_of_what_each_execution_got_and_gave(admin: Person, app: FastAPI) -> None:
    ids = await many(admin, app, 20, 1_000_000)
    for path in ("executions?limit=100", "approvals?limit=1"):
        tracemalloc.start()
        try:
            page = checked(await admin.http.get(path))["items"]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(page) == (21 if "executions" in path else 1)
        assert peak < 12_000_000, f"{path}: of forty, which are not shown"
    assert {item["id"] for item in checked(await admin.http.get("executions"))["items"]} > set(map(str, ids))


async def test_a_page_of_questions_ends_where_they_are_long(admin: Person, app: FastAPI) -> None:
    ids = await many(admin, app, 7, 900_000)
    seen: list[str] = []
    cursor = ""
    while True:
        page = checked(await admin.http.get(f"approvals?limit=100{cursor}"))
        assert 1 <= len(page["items"]) <= 2
        seen += [item["execution_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(map(str, ids)) and len(seen) == 7


async def test_an_export_holds_few_rows_at_a_time(admin: Person, app: FastAPI) -> None:
    await many(admin, app, 40, 1_000_000)
    tracemalloc.start()
    try:
        answer = await admin.http.post("tenant/export")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 200 and peak < 60_000_000, "of eighty, with questions a hundred and twenty"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.read("executions.jsonl").splitlines()) == 41
        assert len(archive.read("approvals.jsonl").splitlines()) == 40
