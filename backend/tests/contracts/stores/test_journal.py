"""The Journal port: one suite for PostgreSQL and for its in-memory twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from fastapi import FastAPI
from sqlalchemy import text

from tests.contracts.stores.journals import DONE, NOW, Setup, batch, claimed, event
from tests.people import Person
from watchbill.core.events import (
    ExecutionCompleted,
    ExecutionStatus,
    NodeCompleted,
    NodeSkipped,
    NodeStarted,
    NodeWaiting,
    Usage,
)
from watchbill.core.ports.journal import Batch, Control, Outcome, Park


async def test_a_sweep_leaves_its_owner_what_it_still_has(setup: Setup) -> None:
    mine, lost, theirs = [await claimed(setup, owner, lease=-1) for owner in ("me", "me", "you")]
    held = [mine.execution_id, theirs.execution_id]
    found = await setup.journal.claim("me", lease_seconds=600, limit=1000, held=held)
    ids = {claim.execution_id for claim in found}
    assert mine.execution_id not in ids and {lost.execution_id, theirs.execution_id} <= ids
    await setup.journal.heartbeat("me", [mine.execution_id], lease_seconds=600)
    later = await setup.journal.claim("you", lease_seconds=600, limit=1000)
    assert mine.execution_id not in {claim.execution_id for claim in later}


async def test_a_claim_is_exclusive_and_begins_with_the_queued_event(setup: Setup) -> None:
    claim = await claimed(setup)
    assert (claim.epoch, claim.last_seq, claim.control.cancel) == (1, 1, False)
    assert await setup.journal.claim("you", lease_seconds=600, limit=9, only=[claim.execution_id]) == []
    [queued] = await setup.journal.events(claim.scope, claim.execution_id)
    assert (queued.seq, queued.type, queued.data["inputs"]) == (1, "execution_queued", {"topic": "x"})
    assert (await setup.journal.definition(claim.scope, claim.plan_digest))["schema"] == "watchbill.flow/v1"


async def test_events_are_read_back_as_they_were_written(setup: Setup) -> None:
    claim = await claimed(setup)
    events = [
        event(claim, 2, NodeStarted(attempt=1, input={"a": [1, None, "ä\u2028'\""]})),
        event(claim, 4, NodeCompleted(attempt=1, output={"big": 2**53, "x": 1.5})),
    ]
    await setup.journal.append(claim.scope, [batch(claim, *events)], lease_seconds=600)
    assert await setup.journal.events(claim.scope, claim.execution_id, after=1) == events
    assert await setup.journal.events(claim.scope, claim.execution_id, after=1, limit=1) == events[:1]


async def test_a_batch_of_several_executions_is_written_at_once(setup: Setup) -> None:
    first, second = await claimed(setup), await claimed(setup)
    batches = [batch(c, event(c, 2, NodeStarted(attempt=1))) for c in (first, second)]
    answer = await setup.journal.append(first.scope, batches, lease_seconds=600)
    assert answer == {first.execution_id: Control(), second.execution_id: Control()}
    for claim in (first, second):
        assert len(await setup.journal.events(claim.scope, claim.execution_id)) == 2


async def test_an_old_epoch_is_fenced_off_and_others_in_the_batch_are_not(setup: Setup) -> None:
    zombie, healthy = await claimed(setup, lease=-1), await claimed(setup)
    [heir] = await setup.journal.claim("heir", lease_seconds=600, limit=1, only=[zombie.execution_id])
    assert heir.epoch == 2
    batches = [batch(c, event(c, 2, NodeStarted(attempt=1))) for c in (zombie, healthy)]
    answer = await setup.journal.append(zombie.scope, batches, lease_seconds=600)
    assert set(answer) == {healthy.execution_id}
    assert len(await setup.journal.events(zombie.scope, zombie.execution_id)) == 1


async def test_a_claim_for_one_tenant_brings_the_first_events_along(setup: Setup) -> None:
    claim = await claimed(setup)
    assert claim.events is None
    await setup.journal.release(claim.execution_id, claim.epoch)
    only, of = [claim.execution_id], claim.scope
    [again] = await setup.journal.claim("me", lease_seconds=600, limit=1, only=only, of=of)
    assert again.events == await setup.journal.events(claim.scope, claim.execution_id)
    events = [event(again, seq, NodeSkipped()) for seq in range(2, 12)]
    await setup.journal.append(again.scope, [batch(again, *events)], lease_seconds=600)
    await setup.journal.release(again.execution_id, again.epoch)
    [long] = await setup.journal.claim("me", lease_seconds=600, limit=1, only=only, of=of)
    assert (long.last_seq, long.events) == (11, None)


async def test_a_claim_leaves_large_inputs_where_they_are(postgres_setup: Setup, admin: Person) -> None:
    setup = postgres_setup
    # What repeats is small in PostgreSQL, so it must not.
    text = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(20_000))
    id_ = await setup.create(text)
    [claim] = await setup.journal.claim("me", lease_seconds=600, limit=1, only=[id_], of=admin.scope)
    assert (claim.execution_id, claim.events) == (id_, None)
    [queued] = await setup.journal.events(admin.scope, id_)
    assert queued.data["inputs"] == {"topic": text}


async def test_a_final_outcome_ends_the_claim(setup: Setup) -> None:
    claim = await claimed(setup)
    done = event(claim, 2, ExecutionCompleted(outputs={"a": 1}, usage=Usage()), None)
    assert await setup.journal.append(claim.scope, [batch(claim, done, outcome=DONE)], lease_seconds=600)
    assert await setup.status(claim.execution_id) == "completed"
    told = await setup.journal.outcome(claim.scope, claim.execution_id)
    assert told is not None
    assert told.status is ExecutionStatus.COMPLETED
    assert await setup.journal.outcome(claim.scope, uuid4()) is None
    late = event(claim, 3, NodeStarted(attempt=1))
    assert await setup.journal.append(claim.scope, [batch(claim, late)], lease_seconds=600) == {}
    assert await setup.journal.claim("you", lease_seconds=600, limit=9, only=[claim.execution_id]) == []


async def test_traced_events_move_the_last_number(setup: Setup) -> None:
    claim = await claimed(setup, lease=-1)
    only_trace = Batch(claim.execution_id, claim.epoch, 7, [])
    await setup.journal.append(claim.scope, [only_trace], lease_seconds=-1)
    [heir] = await setup.journal.claim("heir", lease_seconds=600, limit=1, only=[claim.execution_id])
    assert heir.last_seq == 7


async def test_a_heartbeat_keeps_what_it_names_and_tells_of_cancels(setup: Setup) -> None:
    kept, crashed = await claimed(setup, lease=-1), await claimed(setup, lease=-1)
    assert await setup.journal.heartbeat("me", [kept.execution_id], lease_seconds=600) == {
        kept.execution_id: Control()
    }
    both = [kept.execution_id, crashed.execution_id]
    taken = await setup.journal.claim("heir", lease_seconds=600, limit=9, only=both)
    assert [claim.execution_id for claim in taken] == [crashed.execution_id]
    await setup.request_cancel(kept.execution_id)
    asked = Control(cancel=True, wakes=1)
    assert await setup.journal.heartbeat("me", both, lease_seconds=600) == {kept.execution_id: asked}
    answer = await setup.journal.append(kept.scope, [batch(kept)], lease_seconds=600)
    assert answer == {kept.execution_id: asked}


async def test_a_released_execution_can_be_taken_at_once(setup: Setup) -> None:
    claim = await claimed(setup)
    await setup.journal.release(claim.execution_id, claim.epoch)
    [heir] = await setup.journal.claim("heir", lease_seconds=600, limit=1, only=[claim.execution_id])
    await setup.journal.release(heir.execution_id, heir.epoch - 1)
    assert await setup.journal.claim("third", lease_seconds=600, limit=1, only=[claim.execution_id]) == []


async def test_what_a_dead_worker_had_can_be_taken_at_once(setup: Setup) -> None:
    dead = f"dead-{uuid4().hex}"
    mine = {(await claimed(setup, owner=dead)).execution_id for _ in range(2)}
    other = await claimed(setup)
    assert dead in await setup.journal.owners()
    assert await setup.journal.abandon(dead) == 2
    assert dead not in await setup.journal.owners()
    assert await setup.journal.abandon(dead) == 0
    ids = [*mine, other.execution_id]
    heirs = await setup.journal.claim("heir", lease_seconds=600, limit=9, only=ids)
    assert {claim.execution_id for claim in heirs} == mine
    assert {claim.epoch for claim in heirs} == {2}


WAITING = Outcome(ExecutionStatus.WAITING, NOW, None, None, None, Usage().model_dump(mode="json"))


async def test_a_parked_execution_is_left_alone_until_it_is_due_or_woken(setup: Setup) -> None:
    claim = await claimed(setup)
    parked = replace(batch(claim), outcome=WAITING, park=Park(datetime(2999, 1, 1, tzinfo=UTC), 0))
    assert await setup.journal.append(claim.scope, [parked], lease_seconds=600)
    only = [claim.execution_id]
    assert await setup.journal.claim("heir", lease_seconds=600, limit=1, only=only) == []
    assert await setup.status(claim.execution_id) == "waiting"
    await setup.request_cancel(claim.execution_id)
    [heir] = await setup.journal.claim("heir", lease_seconds=600, limit=1, only=only)
    assert heir.control == Control(cancel=True, wakes=1)


async def test_who_was_woken_while_it_parked_is_due_at_once(setup: Setup) -> None:
    claim = await claimed(setup)
    await setup.request_cancel(claim.execution_id)
    parked = replace(batch(claim), outcome=WAITING, park=Park(None, 0))
    await setup.journal.append(claim.scope, [parked], lease_seconds=600)
    assert await setup.journal.claim("heir", lease_seconds=600, limit=1, only=[claim.execution_id])


async def test_force_takes_what_is_not_due_but_not_what_somebody_has(setup: Setup) -> None:
    claim = await claimed(setup)
    only = [claim.execution_id]
    assert await setup.journal.claim("heir", lease_seconds=600, limit=1, only=only, force=True) == []
    parked = replace(batch(claim), outcome=WAITING, park=Park(None, 0))
    await setup.journal.append(claim.scope, [parked], lease_seconds=600)
    assert await setup.journal.claim("heir", lease_seconds=600, limit=1, only=only, force=True)


async def test_only_the_newest_claim_is_told_what_is_asked(setup: Setup) -> None:
    claim = await claimed(setup)
    assert await setup.journal.control(claim.execution_id, claim.epoch) == Control()
    assert await setup.journal.control(claim.execution_id, claim.epoch - 1) is None


async def test_an_answer_is_read_until_its_question_is_closed(
    postgres_setup: Setup, admin: Person, app: FastAPI
) -> None:
    claim = await claimed(postgres_setup)
    question = NodeWaiting(request={"title": "Go on?", "details": "", "role": "member", "fields": []})
    asked = replace(batch(claim, event(claim, 2, question, "ask")), approvals=True)
    await postgres_setup.journal.append(claim.scope, [asked], lease_seconds=600)
    async with app.state.database.transaction(admin.scope) as work:
        await work.session.execute(text("UPDATE approvals SET answer = json_build_object('approved', true)"))
    answers = await postgres_setup.journal.answers(claim.scope, claim.execution_id)
    assert answers == {"ask": {"approved": True}}
    done = replace(batch(claim, event(claim, 3, NodeCompleted(attempt=1), "ask")), approvals=True)
    await postgres_setup.journal.append(claim.scope, [done], lease_seconds=600)
    assert await postgres_setup.journal.answers(claim.scope, claim.execution_id) == {}
