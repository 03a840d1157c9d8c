"""Schedules: each time is fired once by any number of workers; missed times and overlaps go as was asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from tests.elsewhere import elsewhere
from tests.features.flows.test_flows import FLOW, make_flow
from tests.features.triggers.firing import at, end, fire, firings, make_schedule
from tests.people import Person, checked
from watchbill.features.triggers import queries
from watchbill.features.triggers.scheduler import Turn
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import Due, settle
from watchbill.kit.due_work.store import hold


async def test_each_time_is_fired_once_by_many_workers(admin: Person, database: Database):
    triggers = [await make_schedule(admin) for _ in range(5)]
    now = at(triggers[0], seconds=1)
    hints = await fire(database, now, workers=4)
    for trigger in triggers:
        [fired] = await firings(admin, trigger)
        assert (fired["outcome"], fired["cause"], fired["at"]) == ("started", "schedule", trigger["next_at"])
        assert UUID(fired["execution_id"]) in hints.executed
        run = checked(await admin.http.get(f"executions/{fired['execution_id']}"))
        assert run["inputs"] == {"topic": f"at {trigger['next_at'].replace('Z', '+00:00')}"}
        seen = checked(await admin.http.get(f"triggers/{trigger['id']}"))
        assert datetime.fromisoformat(seen["next_at"]) > now
        assert seen["last"]["execution_status"] == "pending"
    assert (await fire(database, now, workers=2)).executed == []


@pytest.mark.parametrize(
    ("missed", "times"), [("skip", []), ("run_once", [3]), ("run_all", [1, 2, 3]), ("run_all_capped", [2, 3])]
)
async def test_times_that_nobody_was_there_for(
    admin: Person, database: Database, missed: str, times: list[int]
):
    most = 2 if missed == "run_all_capped" else 10
    rules = {"missed": missed.removesuffix("_capped"), "most_missed": most, "timezone": "UTC"}
    trigger = await make_schedule(admin, **rules)
    await fire(database, at(trigger, days=2, hours=3))
    found = await firings(admin, trigger)
    first = datetime.fromisoformat(trigger["next_at"])
    started = [f["at"] for f in found if f["outcome"] == "started"]
    assert [(datetime.fromisoformat(moment) - first).days + 1 for moment in started] == times
    skipped = [f["message"] for f in found if f["outcome"] == "skipped"]
    assert len(skipped) == (len(times) < 3) and all("No worker ran" in message for message in skipped)
    seen = checked(await admin.http.get(f"triggers/{trigger['id']}"))
    assert (datetime.fromisoformat(seen["next_at"]) - first).days == 3


async def test_overlaps_are_skipped(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="skip", timezone="UTC")
    await fire(database, at(trigger))
    await fire(database, at(trigger, days=1))
    first, second = await firings(admin, trigger)
    assert (first["outcome"], second["outcome"]) == ("started", "skipped")
    await end(database, admin, first["execution_id"])
    await fire(database, at(trigger, days=2))
    assert [f["outcome"] for f in await firings(admin, trigger)] == ["started", "skipped", "started"]


async def test_overlaps_wait_for_their_turn(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="queue", timezone="UTC")
    for day in range(3):
        await fire(database, at(trigger, days=day))
    outcomes = [f["outcome"] for f in await firings(admin, trigger)]
    assert outcomes == ["started", "queued", "queued"]
    await fire(database, at(trigger, days=2, seconds=3))
    assert [f["outcome"] for f in await firings(admin, trigger)] == outcomes
    for turn in (1, 2):
        before = (await firings(admin, trigger))[turn - 1]
        await end(database, admin, before["execution_id"])
        await fire(database, at(trigger, days=2, seconds=10 * turn))
        assert [f["outcome"] for f in await firings(admin, trigger)].count("queued") == 2 - turn
    again = [f["execution_id"] for f in await firings(admin, trigger)]
    assert len(set(again)) == 3 and None not in again


async def test_what_waits_is_given_up_when_it_is_switched_off(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="queue", timezone="UTC")
    await fire(database, at(trigger))
    await fire(database, at(trigger, days=1))
    checked(await admin.http.patch(f"triggers/{trigger['id']}", json={"is_active": False}))
    assert [f["outcome"] for f in await firings(admin, trigger)] == ["started", "skipped"]


async def test_overlaps_cancel_the_one_before(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="cancel_previous", timezone="UTC")
    await fire(database, at(trigger))
    hints = await fire(database, at(trigger, days=1))
    first, second = await firings(admin, trigger)
    assert second["outcome"] == "started"
    assert UUID(first["execution_id"]) in hints.cancelled
    assert checked(await admin.http.get(f"executions/{first['execution_id']}"))["cancel_requested"]


async def test_a_flow_that_cannot_run_is_told_and_does_not_stop_others(admin: Person, database: Database):
    broken = await make_flow(admin, {**FLOW, "nodes": []})
    one = await make_schedule(admin, broken["id"])
    other = await make_schedule(admin)
    now = at(other, seconds=1)
    await fire(database, now)
    [failed] = await firings(admin, one)
    assert failed["outcome"] == "failed" and failed["message"]
    assert (await firings(admin, other))[0]["outcome"] == "started"


async def test_a_flow_that_is_switched_off_is_left_alone(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    checked(await admin.http.patch(f"flows/{trigger['flow_id']}", json={"is_active": False}))
    await fire(database, at(trigger))
    [skipped] = await firings(admin, trigger)
    assert skipped["outcome"] == "skipped" and "switched off" in skipped["message"]


async def test_a_worker_that_dies_in_the_middle_loses_and_doubles_nothing(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    now = at(trigger, seconds=1)
    work = database.transaction()
    dying = await work.__aenter__()
    due = Due(queries.SCHEDULE, admin.tenant_id, trigger["id"], now)
    held = await hold(dying.session, due, now, also_suspended=False)
    assert held is not None
    await dying.enter(admin.scope)
    turn = Turn(dying.session, admin.scope, now)
    await settle(dying.session, held, await turn.take(UUID(trigger["id"])))
    assert len(turn.started) == 1
    # While it holds the schedule nobody else takes it; when it dies, its work is gone as a whole.
    assert turn.started[0] not in (await elsewhere(fire(database, now))).executed
    assert await elsewhere(firings(admin, trigger)) == []
    await work.__aexit__(ConnectionResetError, ConnectionResetError("died"), None)
    await fire(database, now, workers=3)
    [fired] = await firings(admin, trigger)
    assert fired["outcome"] == "started" and fired["execution_id"] != str(turn.started[0])


async def test_a_deleted_flow_is_not_started_any_more(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    checked(await admin.http.delete(f"flows/{trigger['flow_id']}"), 204)
    await fire(database, at(trigger))
    assert not checked(await admin.http.get(f"triggers/{trigger['id']}"))["is_active"]
    assert checked(await admin.http.get("triggers"))["items"] == []
