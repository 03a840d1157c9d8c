"""Runs the other engines, each in a process and a database of its own, and compares."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from bench.figures import Figure
from bench.peers.load import RATE
from bench.stack import Stack

_HERE = Path(__file__).parent
_PYTHON = _HERE.parents[1] / ".venv-peers/bin/python"
_N8N = "n8n"
_N8N_PACKAGES = _HERE / "n8n/node_modules"
_PEERS = {"LangGraph": "langgraph_peer.py", "DBOS": "dbos_peer.py"}
_ALL_PEERS = {**_PEERS, _N8N: "n8n_peer.py"}
_PATIENCE_SECONDS = 600
# What we want to be, by the fastest of them.
_FACTOR = 1.2
_BUSY = f"A, 50 clients: {RATE}"


class PeersMissing(RuntimeError):
    """The other engines are not installed; `make bench` installs them, and n8n with PEERS=all."""


class PeerFailed(RuntimeError):
    """An engine could not be measured; what it says is above."""


async def measure(stack: Stack) -> list[Figure]:
    """The same flows on each of them that comes from PyPI."""
    return await _measure(stack, _PEERS)


async def measure_all(stack: Stack) -> list[Figure]:
    """The same flows on these and on n8n."""
    if not _N8N_PACKAGES.exists():
        raise PeersMissing(PeersMissing.__doc__)
    return await _measure(stack, _ALL_PEERS)


async def _measure(stack: Stack, peers: Mapping[str, str]) -> list[Figure]:
    if not _PYTHON.exists():
        raise PeersMissing(PeersMissing.__doc__)
    figures: list[Figure] = []
    for name, script in peers.items():
        database_url = await _database(stack, f"peer_{name.lower()}")
        words = ("--database-url", database_url, "--slow-url", stack.slow_url)
        found = await _run(_PYTHON, _HERE / script, *words)
        figures += [Figure(f"{name} {what}", value, unit) for what, (value, unit) in found.items()]
    return figures


async def _run(*command: Path | str) -> dict[str, tuple[float, str]]:
    """What it prints. It is ended, and waited for, when we are interrupted or it takes too long."""
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_SECONDS)
    except TimeoutError:
        raise PeerFailed(f"{command[1]} took longer than {_PATIENCE_SECONDS} s.") from None
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise PeerFailed(f"{command[1]} ended with {process.returncode}.")
    return json.loads(printed.splitlines()[-1])


def compared(figures: Sequence[Figure]) -> list[Figure]:
    """The figures, with the fastest of the others as the target of each rate of ours, and what we are by n8n
    where both were measured."""
    rates = {figure.name: figure.value for figure in figures if figure.name.endswith(RATE)}
    best: dict[str, float] = {}
    for full_name, value in rates.items():
        name, _, what = full_name.partition(" ")
        if _counts(name, what):
            best[what] = max(best.get(what, 0.0), value)
    targeted = [replace(f, least=_FACTOR * best[what]) if (what := _ours(f)) in best else f for f in figures]
    ours, theirs = rates.get(f"Watchbill {_BUSY}"), rates.get(f"{_N8N} {_BUSY}")
    if ours and theirs:
        targeted.append(Figure("Watchbill A at 50 clients, by n8n", ours / theirs, "x", least=_FACTOR))
    return targeted


def _counts(name: str, what: str) -> bool:
    """Whether a peer's rate is one to be faster than. Of n8n's line, which it saves at the end, only the one
    under load is."""
    return name in _PEERS or (name == _N8N and (what == _BUSY or not what.startswith("A,")))


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
