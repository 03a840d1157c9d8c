"""What is used of libraries beyond their documentation (ADR 25) is still there: this fails first."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from watchbill.adapters.crewai import CrewAiRunner
from watchbill.adapters.models import LiteLlmGateway


@pytest.mark.usefixtures("crew_runner")
def test_crewai_asks_its_store_for_nothing_that_ours_lacks(crew_runner: CrewAiRunner) -> None:
    crew: Any = importlib.import_module("crewai.crew")
    parts: Any = importlib.import_module("watchbill.adapters.crewai.parts")
    assert "_task_output_handler" in crew.Crew.__private_attributes__
    # The module says that it stands in another file.
    source = Path(importlib.import_module("crewai").__path__[0], "crew.py").read_text()
    asked = set(re.findall(r"_task_output_handler\.(\w+)", source))
    assert asked and asked <= set(dir(parts.NoStore))


def test_litellm_looks_for_clients_where_ours_are(llm_gateway: LiteLlmGateway) -> None:
    litellm: Any = importlib.import_module("litellm")
    caching: Any = importlib.import_module("litellm.caching.llm_caching_handler")
    handed: Any = importlib.import_module("watchbill.adapters.models.through_litellm.handed_clients")
    assert isinstance(litellm.in_memory_llm_clients_cache, handed.HandedClients)
    assert {"get_cache", "set_cache"} <= set(vars(caching.LLMClientCache))
    clients = inspect.getsource(importlib.import_module("litellm.llms.custom_httpx.http_handler"))
    for key in ("async_httpx_client", "httpx_client"):
        assert f'"{key}' in clients, "the names by which clients are looked for"


def test_litellms_streams_keep_what_is_taken_from_them(llm_gateway: LiteLlmGateway) -> None:
    module: Any = importlib.import_module("litellm.litellm_core_utils.streaming_handler")
    names = module.CustomStreamWrapper.__init__.__code__.co_names
    assert {"chunks", "logging_obj"} <= set(names)


def test_aiohttp_reads_each_answer_from_its_connections_protocol() -> None:
    source = inspect.getsource(aiohttp.ClientResponse.start)
    assert "connection.protocol" in source and "protocol.read()" in source
