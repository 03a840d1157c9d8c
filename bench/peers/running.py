"""Runs the other engines, each in a process and a database of its own, in turns with ours, and compares.

What a shared machine gives changes from minute to minute, so figures are compared within a round, and of
three rounds the median counts.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median

import asyncpg
from sqlalchemy import make_url

from bench import throughput
from bench.client import warm_up
from bench.figures import Figure
from bench.peers.load import RATE, Found
from bench.stack import Stack

_HERE = Path(__file__).parent
_PYTHON = _HERE.parents[1] / ".venv-peers/bin/python"
_N8N = "n8n"
_N8N_PACKAGES = _HERE / "n8n/node_modules"
_PEERS = {"LangGraph": "langgraph_peer.py", "DBOS": "dbos_peer.py"}
_ALL_PEERS = {**_PEERS, _N8N: "n8n_peer.py"}
_PATIENCE_SECONDS = 600
_OURS = "Watchbill"
_ROUNDS = 3
# What we want to be, by the fastest of them.
_FACTOR = 1.2
_FACTOR_UNDER_LOAD = 2.5
_BUSY, _BUSY_FAN = "A, 50 clients", "B, 50 clients"
# Milliseconds, or this part of the best of the others.
_LATE, _LATE_PART = 400.0, 0.5

# What each engine did in one round.
Round = Mapping[str, Found]


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
    await warm_up(stack)
    rounds: list[Round] = []
    for number in range(_ROUNDS):
        found = {_OURS: await throughput.turn(stack)}
        for name, script in peers.items():
            # Each begins with an empty one: n8n sets itself up only once.
            url = await _database(stack, f"peer_{name.lower()}_{number}")
            words = ("--database-url", url, "--slow-url", stack.slow_url)
            found[name] = await _run(_PYTHON, _HERE / script, *words)
        rounds.append(found)
    return compared(rounds)


async def _run(*command: Path | str) -> Found:
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


def compared(rounds: Sequence[Round]) -> list[Figure]:
    """The medians of what each engine did, and of what we are by the others in the same round."""
    figures = [
        Figure(f"{name} in turns, {what}", median(one[name][what][0] for one in rounds), unit)
        for name, found in rounds[0].items()
        for what, (_, unit) in found.items()
    ]
    for what in rounds[0][_OURS]:
        if what.endswith(RATE):
            figures += _rates(rounds, what)
    return [*figures, *_latest(rounds, f"{_BUSY}: p95")]


def _rates(rounds: Sequence[Round], what: str) -> list[Figure]:
    least = _FACTOR_UNDER_LOAD if what.startswith(_BUSY_FAN) else _FACTOR
    names = [name for name in rounds[0] if _counts(name, what)]
    found = [Figure(f"{_OURS} {what}, by the fastest", _by(rounds, what, names), "x", least=least)]
    if _N8N in rounds[0] and what.startswith(_BUSY):
        by_n8n = _by(rounds, what, [_N8N])
        found.append(Figure(f"{_OURS} {what}, by {_N8N}", by_n8n, "x", least=_FACTOR_UNDER_LOAD))
    return found


def _by(rounds: Sequence[Round], what: str, names: Collection[str]) -> float:
    return median(one[_OURS][what][0] / max(one[name][what][0] for name in names) for one in rounds)


def _latest(rounds: Sequence[Round], what: str) -> list[Figure]:
    ours = median(one[_OURS][what][0] for one in rounds)
    others = [name for name in rounds[0] if name != _OURS]
    part = median(one[_OURS][what][0] / min(one[name][what][0] for name in others) for one in rounds)
    target = None if ours <= _LATE else _LATE_PART
    return [Figure(f"{_OURS} {what}, by the best of the others", part, "x", target)]


def _counts(name: str, what: str) -> bool:
    """Whether a peer's rate is one to be faster than. Of n8n's line, which it saves at the end, only the one
    under load is."""
    return name in _PEERS or (name == _N8N and (what.startswith(_BUSY) or not what.startswith("A,")))


async def _database(stack: Stack, name: str) -> str:
    url = stack.environment["WATCHBILL_DATABASE_URL"]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return make_url(url).set(database=name).render_as_string(hide_password=False)
