"""A tenant whose part of the database is broken or locked: loops that serve all tenants serve the others."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests.breaking import WAYS, How, broken, row_held
from tests.features.notifications.telling import Office, Receiver, end, make_notification, start
from tests.features.triggers.firing import Hints, at, fire, make_schedule, schedules
from tests.people import Person, checked
from watchbill.config import Settings
from watchbill.core.tenancy import TenantDefaults, TenantScope
from watchbill.features.tenants.cleaning import Cleaner, Removed
from watchbill.features.triggers.scheduler import Scheduler
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import DueWork
from watchbill.kit.process import setbacks
from watchbill.kit.process.setbacks import Setbacks


@pytest.fixture
def url(settings: Settings) -> str:
    assert settings.database_url
    return settings.database_url.get_secret_value()


@pytest.fixture(autouse=True)
async def no_other_schedules(database: Database) -> None:
    """What other tests left is due at the same time of the day."""
    async with database.transaction() as work:
        await work.session.execute(text("DELETE FROM public.due_work WHERE kind = 'schedule'"))


@pytest.mark.parametrize("how", WAYS)
async def test_the_schedules_of_the_others_fire(
    database: Database, admin: Person, stranger: Person, url: str, how: How
) -> None:
    broken_one, theirs = await make_schedule(admin), await make_schedule(stranger)
    due = at(theirs)
    async with broken(url, admin.scope, how):
        hints = await fire(database, due)
        assert len(hints.executed) == 1
        runs = checked(await stranger.http.get("executions"))["items"]
        assert [run["id"] for run in runs] == [str(hints.executed[0])]
    # Nothing of it was lost: it fires when its tenant is well again.
    assert len((await fire(database, at(theirs, seconds=10))).executed) == 1
    assert len(checked(await admin.http.get(f"triggers/{broken_one['id']}/firings"))["items"]) == 1


async def test_one_schedule_that_fails_does_not_stop_the_others_of_its_tenant(
    database: Database, admin: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, later = await make_schedule(admin), await make_schedule(admin, cron="1 9 * * *")
    monkeypatch.setattr(setbacks, "_FIRST_SECONDS", 0.0)
    hints, due = Hints(), at(later)
    worker = schedules(database, hints, due)
    async with row_held(url, admin.scope, "triggers", locked["id"]):
        # The locked one has waited longest.
        await worker.begin()
        await worker.done()
        assert len(hints.executed) == 1
    await worker.drain()
    assert len(hints.executed) == 2, "nothing of the locked one was lost"


async def test_ten_schedules_that_fail_make_those_that_are_well_miss_no_time(
    database: Database, admin: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setbacks, "_IMPATIENT", text("SELECT set_config('lock_timeout', '50ms', true)"))
    locked = [await make_schedule(admin) for _ in range(10)]
    # It has waited less than any of them.
    well = await make_schedule(admin, cron="1 9 * * *", missed="skip")
    hints, seconds = Hints(), 0.0

    def now() -> datetime:
        return at(well) + timedelta(seconds=seconds)

    kind = Scheduler(hints, now).kind
    setbacks_of = partial(Setbacks, clock=lambda: seconds)
    worker = DueWork(database, [kind], now=now, setbacks=setbacks_of)
    async with AsyncExitStack() as held:
        for one in locked:
            await held.enter_async_context(row_held(url, admin.scope, "triggers", one["id"]))
        while not hints.executed and seconds < 1_000:
            await worker.drain()
            seconds += 1
        assert seconds < 90, "later than that it has missed its time"
    [firing] = checked(await admin.http.get(f"triggers/{well['id']}/firings"))["items"]
    assert firing["outcome"] == "started"


@pytest.mark.parametrize("how", WAYS)
async def test_the_others_are_told_of_their_ends(
    database: Database,
    admin: Person,
    stranger: Person,
    url: str,
    how: How,
    office: Office,
    receiver: Receiver,
) -> None:
    for person in (admin, stranger):
        await make_notification(person, channel="webhook", recipients=[receiver.url])
        await end(database, person, await start(person))
    async with broken(url, admin.scope, how):
        await office.work()
        assert len(receiver.heard) == 1
    # Nothing of it was lost: they are told when the tenant is well again.
    await office.work(seconds=10)
    assert len(receiver.heard) == 2


@pytest.mark.parametrize("how", WAYS)
async def test_the_others_are_cleaned_up_for(
    app: FastAPI, database: Database, admin: Person, stranger: Person, url: str, how: How
) -> None:
    documents = app.state.executions.documents
    cleaned: list[UUID] = []

    class Watching(Cleaner):
        async def clean(self, scope: TenantScope) -> Removed:
            removed = await super().clean(scope)
            cleaned.append(scope.tenant_id)
            return removed

    now = datetime.now(UTC) + timedelta(days=1)
    cleaner = Watching(database, documents, TenantDefaults(keep_logs_days=30), now=lambda: now)
    async with broken(url, admin.scope, how):
        await DueWork(database, [cleaner.kind], now=lambda: now).drain()
    assert stranger.tenant_id in cleaned and admin.tenant_id not in cleaned


def test_a_tenant_is_left_alone_for_longer_each_time_and_logged_once_a_minute(
    admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    kept = Setbacks("loop", clock=lambda: now)
    tenant_id = admin.scope.tenant_id
    waits = []
    for _ in range(8):
        waits.append(kept.note(tenant_id, ValueError("broken")))
        assert kept.away() == [tenant_id]
        now += waits[-1]
        assert kept.away() == []
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    told = [record for record in caplog.records if "tenant_failed" in record.getMessage()]
    assert len(told) == 5, "at 0, 75, 155, 315 and 615 seconds"
    now += waits[-1] + 301
    assert kept.away() == []
    assert kept.note(tenant_id, ValueError("broken")) == 5, "one that was well for long begins anew"


def test_failures_beside_each_other_are_one_setback(admin: Person, stranger: Person) -> None:
    now = 0.0
    kept = Setbacks("loop", clock=lambda: now)
    waits = [kept.note(admin.scope.tenant_id, ValueError("broken")) for _ in range(50)]
    assert waits == [5] * 50
    now = 4.0
    assert kept.note(admin.scope.tenant_id, ValueError("broken")) == 1
    assert kept.note(stranger.scope.tenant_id, ValueError("broken")) == 5
    now = 5.0
    assert kept.away() == [stranger.scope.tenant_id]
    assert kept.note(admin.scope.tenant_id, ValueError("broken")) == 10


def test_a_tenant_with_whom_something_went_well_begins_anew(admin: Person) -> None:
    now = 0.0
    kept = Setbacks("loop", clock=lambda: now)
    tenant_id = admin.scope.tenant_id
    kept.well(tenant_id)
    for _ in range(3):
        assert kept.note(tenant_id, ValueError("broken")) == 5
        now += 5
        kept.well(tenant_id)
        assert kept.away() == []
