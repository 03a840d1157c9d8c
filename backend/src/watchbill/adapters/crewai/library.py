"""Loads CrewAI once, late and in a thread, with everything off that phones home or keeps state of its own."""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchbill.adapters.crewai.running_crew import RunningCrew
from watchbill.adapters.loading import ONE_AT_A_TIME
from watchbill.core.ports.crews import TaskResult
from watchbill.kit.process.garbage_collection import set_aside

Kickoff = Callable[[RunningCrew], tuple[Any, tuple[TaskResult, ...]]]

_SETTINGS = {
    "CREWAI_DISABLE_TELEMETRY": "true",  # on, it would also replace the process's signal handlers
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
_loaded: list[Kickoff] = []


def load_crewai(storage: Path) -> Kickoff:
    """The function that runs a crew in the calling thread. Thread-safe; the first call takes seconds.

    Args:
        storage: a directory for files CrewAI may want to write.
    """
    with ONE_AT_A_TIME:
        if not _loaded:
            storage.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.environ.update(_SETTINGS)
            os.environ["CREWAI_STORAGE_DIR"] = str(storage)
            with warnings.catch_warnings():
                # Deprecations inside the library at import are nothing its user can act on.
                warnings.simplefilter("ignore")
                module = importlib.import_module("watchbill.adapters.crewai.kickoff")
            # What goes wrong reaches the user as the node's error; its log lines would carry prompts.
            logging.getLogger("crewai").setLevel(logging.CRITICAL)
            set_aside()
            _loaded.append(module.kickoff)
        return _loaded[0]
