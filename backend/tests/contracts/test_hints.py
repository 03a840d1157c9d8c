"""Hints on real Celery and Valkey: what arrives is done at once, and what is wrong or late stops nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging
from tests.services import Services

from watchbill.adapters.celery.app import celery_app

AT_ONCE = "watchbill.adapters.celery.strategy:at_once"


@dataclass
class Desk:
    """A worker's Celery, and what its task was called with, in which thread."""

    app: Celery
    taken: SimpleQueue[tuple[str, int]] = field(default_factory=SimpleQueue)

    def send(self, *args: Any, **options: Any) -> None:
        self.app.send_task("note", args=args, ignore_result=True, **options)


@pytest.fixture
def desk(services: Services) -> Iterator[Desk]:
    desk = Desk(celery_app(services.redis_url))

    @desk.app.task(name="note", Strategy=AT_ONCE, shared=False)
    def note(value: str) -> None:
        desk.taken.put((value.upper(), threading.get_ident()))

    assert note.name == "note"
    # Somebody listens, so Celery leaves the logging of the other tests alone.
    setup_logging.connect(_as_it_is)
    try:
        with start_worker(desk.app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
            yield desk
    finally:
        setup_logging.disconnect(_as_it_is)


def _as_it_is(**_: Any) -> None:
    """Set nothing up."""


def test_hints_are_done_where_they_arrive(desk: Desk) -> None:
    for value in "abc":
        desk.send(value)
    done = [desk.taken.get(timeout=20) for _ in range(3)]
    assert [value for value, _ in done] == ["A", "B", "C"]
    assert len({thread for _, thread in done}) == 1


def test_a_hint_that_makes_no_sense_or_comes_too_late_stops_nobody(desk: Desk) -> None:
    desk.send()
    desk.send({"not": "text"}, "too", "many")
    desk.send("late", expires=-1)
    desk.send("good")
    assert desk.taken.get(timeout=20)[0] == "GOOD"
    with pytest.raises(Empty):
        desk.taken.get_nowait()


def test_nothing_is_kept_of_a_hint_that_was_taken(desk: Desk, services: Services) -> None:
    desk.send("a")
    desk.taken.get(timeout=20)
    with redis.Redis.from_url(services.redis_url) as client:
        assert list(client.scan_iter("*unacked*")) == []
