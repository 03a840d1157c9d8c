"""The outbox, whatever comes and goes: within its limit, each parcel settled once and in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchbill.core.ports.documents import Collection, Document, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine import outbox, parcels
from watchbill.engine.missing import Missing
from watchbill.engine.outbox import Outbox
from watchbill.engine.parcels import Held, Lane, Parcel
from watchbill.testing.memory import MemoryDocuments

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOST = 300
TENANTS = [TenantScope(UUID(int=number)) for number in range(1, 5)]
COLLECTIONS: list[Collection] = ["execution_logs", "execution_exchanges", "execution_outputs"]


class Documents(MemoryDocuments):
    """A store that is here, away, or does not answer before it is opened again; it refuses some documents."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.answering = asyncio.Event()
        self.answering.set()
        self.stored: dict[tuple[TenantScope, Collection], list[int]] = {}

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        await self.ping()
        if any(document.body.get("refused") for _, document in entries):
            raise ValueError("refused")
        await super().append(scope, collection, entries)
        # A repeat is harmless.
        lane = self.stored.setdefault((scope, collection), [])
        lane += [document.seq for _, document in entries if document.seq not in lane]

    async def ping(self) -> None:
        await asyncio.sleep(0)
        await self.answering.wait()
        if self.away:
            raise DocumentsUnavailable("away")


@dataclass(frozen=True)
class Put:
    tenant: int
    collection: int
    size: int
    owned: bool
    refused: bool


Operation = Put | tuple[str, int]
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(
        Put,
        tenant=st.integers(0, len(TENANTS) - 1),
        collection=st.integers(0, len(COLLECTIONS) - 1),
        size=st.integers(0, 200),
        owned=st.integers(0, 4).map(lambda number: number == 0),
        refused=st.integers(0, 6).map(lambda number: number == 0),
    ),
    st.tuples(st.just("withdraw"), st.integers(0, 30)),
    st.tuples(st.just("turns"), st.integers(1, 12)),
    st.sampled_from([("here", 0), ("away", 0), ("hanging", 0), ("finish", 0)]),
)


class World:
    """An outbox, the parcels that it was given, and what became of them."""

    def __init__(self) -> None:
        self.documents, self.missing = Documents(), Missing()
        self.outbox = Outbox(self.documents, self.missing)
        self.given: list[tuple[Put, Parcel]] = []
        self.withdrawn: set[int] = set()
        self.finishing: list[asyncio.Task[None]] = []

    def put(self, form: Put) -> None:
        number = len(self.given) + 1
        body = {"text": "x" * form.size, "refused": form.refused}
        entry = ("key", Document(number, NOW, body))
        where = TENANTS[form.tenant], COLLECTIONS[form.collection]
        self.given.append((form, self.outbox.put(*where, [entry], owned=form.owned)))

    async def do(self, operation: Operation) -> None:
        match operation:
            case Put():
                self.put(operation)
            case ("withdraw", number):
                if number < len(self.given) and not (parcel := self.given[number][1]).done.is_set():
                    self.outbox.withdraw(parcel)
                    assert parcel.done.is_set() and not parcel.written
                    self.withdrawn.add(number)
            case ("turns", number):
                for _ in range(number):
                    await asyncio.sleep(0)
            case ("finish", _):
                self.finishing.append(asyncio.create_task(self.outbox.finish()))
            case (mode, _):
                self.documents.away = mode == "away"
                (self.documents.answering.clear if mode == "hanging" else self.documents.answering.set)()
        self.look()

    def look(self) -> None:
        """What holds at every moment."""
        waiting = [parcel for _, parcel in self.given if not parcel.done.is_set()]
        assert sum(parcel.size for parcel in waiting) <= MOST
        missed = Counter[str]()
        for number, (form, parcel) in enumerate(self.given):
            if not parcel.done.is_set():
                continue
            assert parcel.tried.done() and not parcel.size and not parcel.entries
            if parcel.written:
                assert number + 1 in self.stored(form) and not form.refused
            elif number not in self.withdrawn and not self.told(parcel):
                missed[f"missed_{COLLECTIONS[form.collection]}"] += 1
        counted = {name: count for name, count in self.missing.counts.items() if name.startswith("missed_")}
        for name in (f"missed_{collection}" for collection in COLLECTIONS):
            # A refused one that was known to be late learns no more.
            late = sum(
                form.refused and parcel.done.is_set() and not self.told(parcel) and not parcel.written
                for form, parcel in self.given
                if f"missed_{COLLECTIONS[form.collection]}" == name
            )
            assert missed[name] - late <= counted.get(name, 0) <= missed[name], name
        for lane in self.documents.stored.values():
            assert lane == sorted(lane), "out of order"

    def told(self, parcel: Parcel) -> bool:
        """Whether it learned that it was refused."""
        return parcel.tried.done() and parcel.tried.exception() is not None

    def stored(self, form: Put) -> list[int]:
        return self.documents.stored.get((TENANTS[form.tenant], COLLECTIONS[form.collection]), [])

    async def end(self, *, away: bool) -> None:
        """The store answers, one way or the other: nothing is left."""
        await self.do(("away" if away else "here", 0))
        await self.do(("finish", 0))
        await asyncio.gather(*self.finishing)
        self.look()
        assert all(parcel.done.is_set() for _, parcel in self.given)
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def play(operations: Sequence[Operation], *, away: bool) -> None:
    async with asyncio.timeout(120):
        world = World()
        for operation in operations:
            await world.do(operation)
        await world.end(away=away)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPERATIONS, max_size=40), st.booleans())
def test_whatever_comes_and_goes_each_parcel_is_settled_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch, operations: list[Operation], away: bool
) -> None:
    monkeypatch.setattr(outbox, "_AGAIN_SECONDS", 0)
    monkeypatch.setattr(parcels, "MOST_BYTES", MOST)
    asyncio.run(play(operations, away=away))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 120), st.booleans()), max_size=60))
def test_who_gives_way_is_whoever_has_the_most_and_nobody_if_it_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, operations: list[tuple[int, int, bool]]
) -> None:
    monkeypatch.setattr(parcels, "MOST_BYTES", MOST)
    asyncio.run(_giving_way(operations))


async def _giving_way(operations: list[tuple[int, int, bool]]) -> None:
    held = Held()
    there: dict[TenantScope, list[Parcel]] = {}
    for tenant, size, leaves in operations:
        scope = TenantScope(UUID(int=tenant))
        own = there.setdefault(scope, [])
        if leaves and own:
            held.remove(own.pop(size % len(own)))
            continue
        excess = sum(parcel.size for parcels_ in there.values() for parcel in parcels_) + size - MOST
        least = bytes_of(own) + size
        more = sum(max(0, bytes_of(parcels_) - least) for parcels_ in there.values())
        giving = held.giving_way(scope, size)
        assert (giving is None) == (more < excess)
        for _, parcel in giving or ():
            assert excess > 0, "more than has to"
            assert bytes_of(there[parcel.scope]) == max(map(bytes_of, there.values())) > least
            assert there[parcel.scope].pop() is parcel
            held.remove(parcel)
            excess -= parcel.size
        if giving is not None:
            assert excess <= 0
            own.append(waiting_parcel(tenant, size))
            held.add(Lane(scope, "execution_logs"), own[-1])


def bytes_of(some: Sequence[Parcel]) -> int:
    return sum(parcel.size for parcel in some)


def waiting_parcel(tenant: int, size: int) -> Parcel:
    tried = asyncio.get_running_loop().create_future()
    return Parcel(TenantScope(UUID(int=tenant)), (), owned=False, tried=tried, size=size)
