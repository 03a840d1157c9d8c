"""Fixtures of the contract suites."""

from collections.abc import Iterator

import pytest
from tests.fixtures_llm import (
    crew_runner,
    desk,
    llm_directory,
    llm_gateway,
    llm_server,
    running_llm_server,
)
from tests.mongodb import MongoServer, mongo_server

__all__ = ["crew_runner", "desk", "llm_directory", "llm_gateway", "llm_server", "running_llm_server"]


@pytest.fixture(scope="session")
def mongodb() -> Iterator[MongoServer]:
    with mongo_server() as server:
        yield server
