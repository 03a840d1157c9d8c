"""Runs the other engines, each in a process and a database of its own, and compares."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from bench.figures import Figure
from bench.peers.load import RATE
from bench.stack import Stack

_HERE = Path(__file__).parent
_PYTHON = _HERE.parents[1] / ".venv-peers/bin/python"
_PEERS = {"LangGraph": "langgraph_peer.py", "DBOS": "dbos_peer.py"}
_PATIENCE_SECONDS = 300
# What we want to be, by the fastest of them.
_FACTOR = 1.2


class PeersMissing(RuntimeError):
    """The other engines are not installed; `make bench` installs them."""


async def measure(stack: Stack) -> list[Figure]:
    """The same flows on each of them."""
    if not _PYTHON.exists():
        raise PeersMissing(PeersMissing.__doc__)
    figures: list[Figure] = []
    for name, script in _PEERS.items():
        database_url = await _database(stack, f"peer_{name.lower()}")
        command: list[Path | str] = [
            _PYTHON,
            _HERE / script,
            "--database-url",
            database_url,
            "--slow-url",
            stack.slow_url,
        ]
        found = await asyncio.to_thread(_run, command)
        figures += [Figure(f"{name} {what}", value, unit) for what, (value, unit) in found.items()]
    return figures


def _run(command: list[Path | str]) -> dict[str, tuple[float, str]]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=_PATIENCE_SECONDS)
    return json.loads(done.stdout.splitlines()[-1])


def compared(figures: Sequence[Figure]) -> list[Figure]:
    """The figures, with the fastest of the others as the target of each rate of ours."""
    rates = [figure for figure in figures if figure.name.endswith(RATE)]
    best: dict[str, float] = {}
    for figure in rates:
        name, _, what = figure.name.partition(" ")
        if name in _PEERS:
            best[what] = max(best.get(what, 0.0), figure.value)
    return [replace(f, least=_FACTOR * best[what]) if (what := _ours(f)) in best else f for f in figures]


def _ours(figure: Figure) -> str:
    name, _, what = figure.name.partition(" ")
    return what if name == "Watchbill" else ""


async def _database(stack: Stack, name: str) -> str:
    url = stack.environment["WATCHBILL_DATABASE_URL"]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return make_url(url).set(database=name).render_as_string(hide_password=False)
