"""A small API that a crowd can fill, and what another tenant still does on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import FastAPI

from tests.core.flows import ANSWER
from tests.people import Person, checked
from watchbill.features.identity.limits.crowds import Crowds

# More than the API has connections to the database by far.
STREAMS = 40
HANG = 300


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what is about to happen."""
    async with asyncio.timeout(HANG):
        while not condition():  # noqa: ASYNC110  # what is counted has no event
            await asyncio.sleep(0.01)


def crowds(app: FastAPI) -> Crowds:
    return app.state.crowds


async def serves(other: Person) -> None:
    """The other tenant reads and writes."""
    checked(await other.http.get("flows"))
    flow = checked(await other.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    checked(await other.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
