"""DBOS, in process: a row for each step, in PostgreSQL before the next one."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
from dbos import DBOS, DBOSConfig
from load import NODES, WIDTH, Arguments, arguments, measure

_http: list[aiohttp.ClientSession] = []


@DBOS.step()
async def compute(topic: str) -> str:
    """A node that only computes."""
    return topic


@DBOS.step()
async def call(url: str) -> str:
    """A node that calls a server."""
    async with _http[0].get(url) as answer:
        return await answer.text()


@DBOS.workflow()
async def line(topic: str) -> str:
    """Ten nodes, one after another."""
    value = topic
    for _ in range(NODES):
        value = await compute(value)
    return value


@DBOS.workflow()
async def fan(topic: str) -> str:
    """One node, twenty side by side, one that joins them."""
    first = await compute(topic)
    values = await asyncio.gather(*(compute(first) for _ in range(WIDTH)))
    return await compute(values[0])


@DBOS.workflow()
async def waiting(url: str) -> str:
    """One call."""
    return await call(url)


async def main(given: Arguments) -> None:
    """Measure."""
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": given.database_url,
        "run_admin_server": False,
    }
    DBOS(config=config)
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            _http.append(http)
            await measure(lambda: line("tides"), lambda: fan("tides"), lambda: waiting(given.slow_url))
    finally:
        DBOS.destroy()


asyncio.run(main(arguments()))
