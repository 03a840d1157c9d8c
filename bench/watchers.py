"""`python -m bench.watchers`: follows executions by SSE, one connection each, and says how old events were.

Reads {"url", "token", "executions"} from standard input, writes {"events", "seconds", "broken", "ages_ms"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime
from typing import Any

import aiohttp

Chunks = list[tuple[float, bytes]]


async def _follow(http: aiohttp.ClientSession, url: str) -> Chunks:
    """Every chunk with the time it came; they are read later, so that reading delays none."""
    chunks: Chunks = []
    async with http.get(url) as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_any():
            chunks.append((time.time(), chunk))
    return chunks


def _events(chunks: Chunks) -> list[tuple[float, dict[str, Any]]]:
    """Events with the time at which their last byte came."""
    found: list[tuple[float, dict[str, Any]]] = []
    rest = b""
    for at, chunk in chunks:
        *lines, rest = (rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        found += [(at, json.loads(line[6:])) for line in lines if line.startswith(b'data: {"seq"')]
    return found


async def _watch_all(question: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {question['token']}"}
    timeout = aiohttp.ClientTimeout(total=180)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as http:
        base = f"{question['url']}/api/v1/executions"
        streams = await asyncio.gather(
            *(_follow(http, f"{base}/{id_}/stream") for id_ in question["executions"])
        )
    return _summary([_events(chunks) for chunks in streams])


def _summary(streams: list[list[tuple[float, dict[str, Any]]]]) -> dict[str, Any]:
    """Only what happened after everybody was connected counts for the ages."""
    begun = max(stream[0][0] for stream in streams)
    broken = sum(
        [event["seq"] for _, event in stream] != list(range(1, len(stream) + 1)) for stream in streams
    )
    timed = [
        (at, datetime.fromisoformat(event["timestamp"]).timestamp())
        for stream in streams
        for at, event in stream
    ]
    live = [(at, made) for at, made in timed if made >= begun]
    return {
        "events": len(timed),
        "seconds": max(at for at, _ in live) - min(made for _, made in live),
        "broken": broken,
        "ages_ms": [round((at - made) * 1000, 2) for at, made in live],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_watch_all(json.load(sys.stdin)))))
