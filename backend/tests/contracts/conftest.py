"""Fixtures of the contract suites."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.models.bedrock import Bedrock, bedrock
from tests.contracts.way_out.trap import CLOSED, OPEN, Trap, trap
from tests.fixtures_llm import (
    compute,
    crew_runner,
    crew_tools,
    desk,
    llm_directory,
    llm_gateway,
    llm_server,
    runners_tools,
    running_llm_server,
)

__all__ = [
    "compute",
    "crew_runner",
    "crew_tools",
    "desk",
    "llm_directory",
    "llm_gateway",
    "llm_server",
    "runners_tools",
    "running_llm_server",
]


@pytest.fixture
async def closed() -> AsyncIterator[Trap]:
    """A server where nobody may go."""
    async with trap(CLOSED) as found:
        yield found


@pytest.fixture
async def server() -> AsyncIterator[Trap]:
    """A server where tenants may go."""
    async with trap(OPEN) as found:
        yield found


@pytest.fixture
async def aws() -> AsyncIterator[Bedrock]:
    """A Bedrock that says what it is told."""
    async with bedrock() as server:
        yield server
