"""Waiting for a library: those who watch are told when it takes long."""

from __future__ import annotations

import importlib
import threading

import pytest

from watchbill.adapters import loading
from watchbill.adapters.litellm.library import load_litellm
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
        "The worker is still starting. This goes on in a few seconds.",
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
