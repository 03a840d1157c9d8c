"""Who is told in tests of notifications, the office that tells them, and executions that end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import text

from tests.features.flows.test_flows import make_flow
from tests.people import Person, checked
from watchbill.adapters.http import AiohttpClient
from watchbill.core.ports.mail import MailFailed, MailMessage
from watchbill.features.approvals.mails import QuestionMails
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.ends import Ends
from watchbill.features.notifications.notifier import Notifier, Outlets
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import DueWork
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.secrets.crypto import KeyRing


@dataclass
class Receiver:
    """A URL that is told, and answers what a test says."""

    url: str = ""
    status: int = 204
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.9:9/"})


class Post:
    """A mail server's outermost edge: takes mails, or refuses them."""

    delivers = True

    def __init__(self) -> None:
        self.mails: list[MailMessage] = []
        self.refusal: MailFailed | None = None

    async def send(self, message: MailMessage) -> None:
        if self.refusal:
            raise self.refusal
        self.mails.append(message)


@dataclass
class Office:
    """Workers that tell, and what they tell to."""

    database: Database
    outlets: Outlets
    post: Post
    questions: QuestionMails
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def work(self, workers: int = 1, **later: float) -> None:
        """Note and send everything that is due, at a time after the last."""
        self.now = max(self.now, datetime.now(UTC)) + timedelta(**later)
        questions = replace(self.questions, now=self._clock)
        notifier = Notifier(self.database, self.outlets, questions, now=self._clock)
        kinds = [Ends(self._clock).kind, *questions.kinds, notifier.kind]
        loops = [DueWork(self.database, kinds, now=self._clock) for _ in range(workers)]
        await asyncio.gather(*(loop.drain() for loop in loops))

    def _clock(self) -> datetime:
        return self.now


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/told", receiver.hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/told"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def office(database: Database, settings: Any) -> AsyncIterator[Office]:
    http = AiohttpClient(WayOut(UrlGuard(["127.0.0.0/8"])))
    keys = KeyRing.parse(settings.encryption_keys.get_secret_value())
    post = Post()
    questions = QuestionMails(settings.jwt_secret.get_secret_value(), "http://here")
    asking = AddressMails(settings.jwt_secret.get_secret_value(), "http://here")
    office = Office(database, Outlets(http, post, keys, "http://here", asking), post, questions)
    await office.work()  # what other tests left
    yield office
    await http.close()


async def make_notification(person: Person, **form: Any) -> dict[str, Any]:
    form = {"name": "n", "statuses": ["completed"]} | form
    return checked(await person.http.post("notifications", json=form), 201)


async def start(person: Person, flow_id: str | None = None) -> str:
    flow_id = flow_id or (await make_flow(person, name="Daily report"))["id"]
    body = {"inputs": {"topic": "x"}}
    return checked(await person.http.post(f"flows/{flow_id}/execute", json=body), 202)["id"]


async def end(
    database: Database, person: Person, run: str, status: str = "completed", outputs: Any = None
) -> None:
    """What a worker's last commit does, as far as others see it."""
    error = (
        {"kind": "user", "code": "c", "message": "It broke", "node_id": "ask"} if status == "failed" else None
    )
    values = {
        "id": run,
        "status": status,
        "outputs": json.dumps(outputs),
        "error": error and json.dumps(error),
    }
    async with database.transaction(person.scope) as work:
        await work.session.execute(
            text(
                "UPDATE executions SET status = :status, outputs = cast(:outputs AS json),"
                " error = cast(:error AS json), started_at = created_at, finished_at = now() WHERE id = :id"
            ),
            values,
        )
        gone = text("DELETE FROM public.active_executions WHERE execution_id = :id")
        await work.session.execute(gone, {"id": run})


async def deliveries(person: Person, **query: Any) -> list[dict[str, Any]]:
    return checked(await person.http.get("notification-deliveries", params=query))["items"]
