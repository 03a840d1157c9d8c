"""Waiting for a library: those who watch are told when it takes long."""

from __future__ import annotations

import ast
import asyncio
import importlib
import sys
import threading
from pathlib import Path

import pytest

from watchbill.adapters import loading
from watchbill.adapters.models.through_litellm.library import load_litellm
from watchbill.core.events import EventData, Log


async def test_a_library_that_is_there_is_not_talked_about() -> None:
    events: list[EventData] = []
    assert await loading.loaded(lambda: "library", events.append) == "library"
    assert events == []


async def test_a_library_that_takes_long_is_announced_and_then_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_PATIENCE_SECONDS", 0.01)
    told = threading.Event()
    messages: list[str] = []

    def emit(event: EventData) -> None:
        assert isinstance(event, Log)
        messages.append(event.message)
        told.set()

    def load() -> bool:
        return told.wait(10)

    assert await loading.loaded(load, emit)
    assert messages == [
        "The worker is still starting. The execution continues in a few seconds.",
        "The worker has started.",
    ]


async def test_a_library_that_cannot_be_loaded_says_why() -> None:
    def load() -> None:
        raise ImportError("it is broken")

    with pytest.raises(ImportError, match="broken"):
        await loading.loaded(load, lambda event: None)


def test_the_first_calls_side_by_side_find_litellms_models_finished() -> None:
    load_litellm()
    types = importlib.import_module("litellm.types.utils")
    for name in ("ModelResponse", "ModelResponseStream", "Message", "Delta", "Choices", "Usage"):
        assert getattr(types, name).__pydantic_complete__, name


# Both libraries at once, as a worker loads them; prints whose imports came in a row.
_SIDE_BY_SIDE = """
import itertools, sys, threading
from pathlib import Path
from watchbill.adapters.crewai.library import load_crewai
from watchbill.adapters.models.through_litellm.library import load_litellm

seen = []
loads = {}

def note(event, _):
    if event == "import" and (load := loads.get(threading.get_ident())):
        seen.append(load)

def run(name, load, *words):
    ready.wait()
    loads[threading.get_ident()] = name
    load(*words)

sys.addaudithook(note)
sys.setswitchinterval(0.0005)
ready = threading.Barrier(2)
threads = [
    threading.Thread(target=run, args=("litellm", load_litellm)),
    threading.Thread(target=run, args=("crewai", load_crewai, Path(sys.argv[1]))),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print([name for name, _ in itertools.groupby(seen)])
"""


async def test_libraries_are_imported_one_after_another(tmp_path: Path) -> None:
    """Python gives a thread a half-imported module rather than let two wait for each other for ever."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SIDE_BY_SIDE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert sorted(ast.literal_eval(said.decode())) == ["crewai", "litellm"], said.decode()
