"""Fixtures of the contract suites."""

from tests.fixtures_llm import (
    compute,
    crew_runner,
    desk,
    llm_directory,
    llm_gateway,
    llm_server,
    running_llm_server,
)

__all__ = [
    "compute",
    "crew_runner",
    "desk",
    "llm_directory",
    "llm_gateway",
    "llm_server",
    "running_llm_server",
]
